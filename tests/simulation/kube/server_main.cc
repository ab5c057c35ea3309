// Serves the fake API server on a loopback port, for the contract test.
//
// usage: sim_kube_server FOLDER_OF_CRDS; prints the port. A watch is answered when it ends, after
// its timeoutSeconds of the simulated time, which pass at once. POST /sim/pass?seconds=N lets time
// pass, POST /sim/compact forgets the history.
#include <fmt/format.h>

#include <boost/asio.hpp>
#include <exception>

#include "kube/crd_files.h"
#include "kube/fake_kube.h"
#include "kube/request.h"
#include "net/http_server.h"

namespace infra::sim {
namespace {

class Server {
 public:
  explicit Server(const std::string& folder)
      : kube_(timeline_, Random(1, "kube"), {}, kube_schemas(read_crds(folder))) {}

  net::HttpResponse answer(const net::HttpRequest& request) {
    // A little time passes with each request, so that namespaces go and watches are told.
    pass(Duration{10});
    const KubeRequest read = read_request(request);
    if (request.target.starts_with("/sim/")) return control(request.target, read);
    return read.is_watch() ? watch(request, read) : kube_.handle(request);
  }

 private:
  void pass(Duration time) {
    const auto until = timeline_.now() + time;
    while (timeline_.step(until)) {
    }
  }

  net::HttpResponse control(const std::string& target, const KubeRequest& read) {
    if (target.starts_with("/sim/compact")) kube_.compact();
    const auto seconds = whole_number(read.option("seconds")).value_or(0);
    pass(std::chrono::seconds(seconds));
    return {.status = 200, .headers = {}, .body = "{}"};
  }

  net::HttpResponse watch(const net::HttpRequest& request, const KubeRequest& read) {
    std::string body;
    FakeKube::Watcher watcher;
    watcher.line = [&body](std::string line) { body += line; };
    watcher.end = [] {};
    FakeKube::WatchId id = 0;
    if (auto refused = kube_.watch(request, std::move(watcher), &id)) return *refused;
    pass(std::chrono::seconds(whole_number(read.option("timeoutSeconds")).value_or(1)));
    kube_.unwatch(id);
    return {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = body};
  }

  Timeline timeline_;
  FakeKube kube_;
};

Task<net::HttpResponse> answer(Server& server, net::HttpRequest request) {
  co_return server.answer(request);
}

int serve(const std::string& folder) {
  boost::asio::io_context context;
  Server server(folder);
  net::HttpServer http(
      [&server](net::HttpRequest request) { return answer(server, std::move(request)); });
  const auto port = http.listen(context.get_executor(), "127.0.0.1:0");
  if (!port) {
    fmt::print(stderr, "{}\n", port.error().message);
    return 1;
  }
  fmt::print("{}\n", *port);
  std::fflush(stdout);
  boost::asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&context](auto, auto) { context.stop(); });
  context.run();
  return 0;
}

}  // namespace
}  // namespace infra::sim

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: sim_kube_server FOLDER_OF_CRDS\n");
    return 2;
  }
  try {
    return infra::sim::serve(argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
