#include "kube/exec_credential.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

#include "base/json.h"

extern char** environ;

namespace infra::kube {
namespace {

using std::chrono::seconds;
constexpr std::size_t kOutputLimit = 1u << 20;

// Ends the program's whole group if it is left before its exit status was read.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    int ignored = 0;
    ::waitpid(pid_, &ignored, 0);
  }

  // The exit status once there is one.
  std::optional<int> poll() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == 0) return std::nullopt;
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }

 private:
  pid_t pid_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

bool names(const std::string& assignment, const std::string& variable) {
  return assignment.starts_with(variable + "=");
}

std::vector<std::string> child_environment(const ExecCommand& command) {
  auto added = command.environment;
  if (!command.exec_info.empty()) added.emplace_back("KUBERNETES_EXEC_INFO", command.exec_info);
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : added) replaced = replaced || names(text, name);
    if (!replaced) out.push_back(text);
  }
  for (const auto& [name, value] : added) out.push_back(name + "=" + value);
  return out;
}

struct Started {
  pid_t pid = 0;
  int output = -1;
};

Result<Started> start(const ExecCommand& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Code::kInternal, "cannot make a pipe");
  std::vector<std::string> words{command.command};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  auto environment = child_environment(command);
  const auto argv = pointers(words);
  const auto envp = pointers(environment);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  Started started;
  const int error = ::posix_spawnp(&started.pid, command.command.c_str(), &actions, &attributes,
                                   argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error == 0) {
    started.output = ends[0];
    return started;
  }
  ::close(ends[0]);
  std::string message =
      fmt::format("cannot run the credential plugin {}: {}", command.command, std::strerror(error));
  if (!command.install_hint.empty()) message += " (" + command.install_hint + ")";
  return fail(Code::kUnauthenticated, std::move(message));
}

Task<std::string> read_all(int descriptor) {
  auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::posix::stream_descriptor stream(executor, descriptor);
  std::string text;
  char buffer[4096];
  while (text.size() < kOutputLimit) {
    boost::system::error_code error;
    auto space = boost::asio::buffer(buffer);
    const std::size_t count = co_await stream.async_read_some(
        space, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) break;
    text.append(buffer, count);
  }
  co_return text;
}

struct Parsed {
  Credential credential;
  WallTime expires{};
};

Result<Parsed> parse_answer(const std::string& text, const std::string& api_version) {
  auto json = parse_json(text);
  // The text is not quoted: it may hold a token.
  if (!json) return fail(Code::kUnauthenticated, "its answer is not JSON");
  if (text_at(*json, "kind") != "ExecCredential" || text_at(*json, "apiVersion") != api_version) {
    return fail(Code::kUnauthenticated, "its answer is not an ExecCredential of " + api_version);
  }
  Parsed parsed;
  parsed.credential = {.token = text_at(*json, "status.token"),
                       .certificate_pem = text_at(*json, "status.clientCertificateData"),
                       .key_pem = text_at(*json, "status.clientKeyData")};
  if (parsed.credential.token.empty() && parsed.credential.certificate_pem.empty()) {
    return fail(Code::kUnauthenticated, "its answer has neither a token nor a certificate");
  }
  if (parsed.credential.certificate_pem.empty() != parsed.credential.key_pem.empty()) {
    return fail(Code::kUnauthenticated, "its answer has a certificate or a key without the other");
  }
  const auto expires = text_at(*json, "status.expirationTimestamp");
  parsed.expires = expires.empty() ? WallTime::max() : parse_rfc3339(expires);
  if (parsed.expires == WallTime{}) {
    return fail(Code::kUnauthenticated, "its answer has an expirationTimestamp that is no time");
  }
  return parsed;
}

struct Flag {
  explicit Flag(bool& value) : value_(value) { value_ = true; }
  ~Flag() { value_ = false; }
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;
  bool& value_;
};

}  // namespace

ExecCredential::ExecCredential(Clock& clock, ExecCommand command)
    : clock_(clock), command_(std::move(command)) {}

Task<Result<Credential>> ExecCredential::get(bool renew) {
  // One program at a time; whoever waited takes the answer of the one that ran.
  bool waited = false;
  while (running_) {
    waited = true;
    co_await clock_.sleep(Duration{50});
  }
  const bool fresh = cached_ && clock_.wall() < expires_;
  if (fresh && (!renew || waited)) co_return *cached_;
  Flag flag(running_);
  auto result = co_await run();
  if (!result) {
    co_return std::unexpected(result.error().in("credential plugin " + command_.command));
  }
  cached_ = *result;
  co_return result;
}

Task<Result<Credential>> ExecCredential::run() {
  using namespace boost::asio::experimental::awaitable_operators;
  auto started = start(command_);
  if (!started) co_return std::unexpected(started.error());
  Child child(started->pid);
  const auto deadline = clock_.steady() + command_.limit;
  auto reading = read_all(started->output);
  auto limit = clock_.sleep(command_.limit);
  auto first = co_await (std::move(reading) || std::move(limit));
  if (first.index() == 1) co_return fail(Code::kDeadline, "it did not answer in time");
  std::optional<int> status = child.poll();
  while (!status && clock_.steady() < deadline) {
    co_await clock_.sleep(Duration{10});
    status = child.poll();
  }
  if (!status) co_return fail(Code::kDeadline, "it did not end in time");
  if (*status != 0) {
    co_return fail(Code::kUnauthenticated, fmt::format("it failed with status {}", *status));
  }
  auto parsed = parse_answer(std::get<0>(first), command_.api_version);
  if (!parsed) co_return std::unexpected(parsed.error());
  // A little early, so that a request does not arrive with a token that has just expired.
  expires_ = parsed->expires == WallTime::max() ? parsed->expires : parsed->expires - seconds(10);
  co_return parsed->credential;
}

}  // namespace infra::kube
