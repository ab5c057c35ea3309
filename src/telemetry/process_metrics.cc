#include "telemetry/process_metrics.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace infra::telemetry {
namespace {

struct ProcessTimes {
  double cpu_seconds;
  double started_after_boot;
};

std::optional<double> resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total_pages = 0;
  double resident_pages = 0;
  if (!(file >> total_pages >> resident_pages)) return std::nullopt;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// The second field of the file is the program's name in parentheses and may hold anything, so
// counting starts behind the last one. From there on: utime is the 12th, stime the 13th, starttime
// the 20th, all in clock ticks.
std::optional<ProcessTimes> process_times() {
  std::ifstream file("/proc/self/stat");
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = all.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(all.substr(name_end + 1));
  const std::vector<std::string> words{std::istream_iterator<std::string>(rest), {}};
  if (words.size() < 20) return std::nullopt;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto seconds = [&](std::size_t i) {
    return std::strtod(words[i].c_str(), nullptr) / ticks;
  };
  return ProcessTimes{seconds(11) + seconds(12), seconds(19)};
}

std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return std::nullopt;
}

std::optional<double> open_fds() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return std::nullopt;
  double count = 0;
  while (entries != std::filesystem::directory_iterator()) {
    ++count;
    entries.increment(error);
    if (error) return std::nullopt;
  }
  return count - 1;  // reading the directory opened one
}

void write_one(MetricsWriter& writer, std::string_view name, std::string_view help, MetricType type,
               std::optional<double> value) {
  if (!value) return;
  writer.family(name, help, type);
  writer.sample(name, {}, {}, *value);
}

}  // namespace

void ProcessMetrics::write(MetricsWriter& writer) const {
  const std::optional<ProcessTimes> times = process_times();
  const std::optional<double> booted = boot_time();
  std::optional<double> cpu;
  std::optional<double> started;
  if (times) cpu = times->cpu_seconds;
  if (times && booted) started = *booted + times->started_after_boot;
  write_one(writer, "process_resident_memory_bytes", "Memory that is resident, in bytes.",
            MetricType::kGauge, resident_bytes());
  write_one(writer, "process_cpu_seconds_total", "CPU time spent in user and system mode.",
            MetricType::kCounter, cpu);
  write_one(writer, "process_open_fds", "Open file descriptors.", MetricType::kGauge, open_fds());
  write_one(writer, "process_start_time_seconds", "When the process started, in Unix time.",
            MetricType::kGauge, started);
}

}  // namespace infra::telemetry
