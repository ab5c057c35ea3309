#include "run/campaign.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace infra::sim {
namespace {

Json to_json(const Totals& totals) {
  JsonArray failures;
  for (const Failure& one : totals.failures) {
    failures.push_back(JsonObject{{"what", one.what}, {"rule", one.rule}, {"text", one.text}});
  }
  JsonObject cells;
  for (const auto& [name, count] : totals.cells) cells[name] = count;
  return JsonObject{{"runs", totals.runs},
                    {"requests", totals.requests},
                    {"virtualSeconds", totals.virtual_seconds},
                    {"repeated", totals.repeated},
                    {"trace", totals.trace},
                    {"failures", std::move(failures)},
                    {"cells", std::move(cells)}};
}

void add_json(Totals& totals, const Json& json) {
  const auto number = [&json](const char* name) {
    return json.at(name).to_number<std::uint64_t>();
  };
  totals.runs += number("runs");
  totals.requests += number("requests");
  totals.virtual_seconds += number("virtualSeconds");
  totals.repeated += number("repeated");
  totals.trace += number("trace");
  for (const Json& one : json.at("failures").get_array()) {
    totals.failures.push_back(
        {.what = text_at(one, "what"), .rule = text_at(one, "rule"), .text = text_at(one, "text")});
  }
  for (const auto& cell : json.at("cells").get_object()) {
    totals.cells[std::string(cell.key())] += cell.value().to_number<std::uint64_t>();
  }
}

struct Child {
  pid_t id = 0;
  int pipe = -1;
};

Child start(int share, int shares, const Share& work) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("there are no more pipes");
  const pid_t id = fork();
  if (id < 0) throw std::runtime_error("no more processes can be started");
  if (id > 0) {
    close(ends[1]);
    return {.id = id, .pipe = ends[0]};
  }
  close(ends[0]);
  Totals totals;
  work(share, shares, totals);
  const std::string text = boost::json::serialize(to_json(totals));
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto written = write(ends[1], rest.data(), rest.size());
    if (written <= 0) _exit(1);
    rest.remove_prefix(std::size_t(written));
  }
  close(ends[1]);
  _exit(0);
}

std::string read_all(int pipe) {
  std::string text;
  char buffer[65536];
  while (true) {
    const auto count = read(pipe, buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, std::size_t(count));
  }
  close(pipe);
  return text;
}

}  // namespace

void Totals::add(const RunResult& result) {
  ++runs;
  requests += result.requests;
  virtual_seconds += std::uint64_t(result.virtual_time.count() / 1000);
  trace += result.trace_hash;
  for (const auto& [cell, count] : result.coverage) {
    cells[cell.first + "/" + cell.second] += std::uint64_t(count);
  }
}

Totals in_shares(int shares, const Share& share) {
  Totals totals;
  std::vector<Child> children;
  for (int i = 0; i < shares; ++i) children.push_back(start(i, shares, share));
  for (const Child& child : children) {
    const std::string text = read_all(child.pipe);
    int status = 0;
    waitpid(child.id, &status, 0);
    const auto json = parse_json(text);
    if (json) {
      add_json(totals, *json);
    } else {
      totals.failures.push_back({.what = "a share of the runs",
                                 .rule = "stays-up",
                                 .text = fmt::format("its process died (status {})", status)});
    }
  }
  return totals;
}

}  // namespace infra::sim
