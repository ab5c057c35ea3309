#include "kube/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <vector>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "kube/exec_credential.h"
#include "kube/file_credential.h"

namespace infra::kube {
namespace {

namespace fs = std::filesystem;

Result<std::string> decode_data(std::string text, const std::string& what) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  auto plain = base64_decode(text);
  if (!plain) return fail(Code::kInvalid, what + " is not base64");
  return std::move(*plain);
}

class StaticToken final : public TokenSource {
 public:
  explicit StaticToken(std::string token) : token_(std::move(token)) {}
  Task<Result<Credential>> get(bool) override { co_return Credential{.token = token_}; }

 private:
  std::string token_;
};

// One named entry of a kubeconfig and the folder that its relative paths start from.
struct Entry {
  YAML::Node node;
  fs::path folder;
};

std::string text(const YAML::Node& node, const char* key) {
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

bool truth(const YAML::Node& node, const char* key) { return text(node, key) == "true"; }

std::string resolved(const Entry& entry, const std::string& path) {
  return fs::path(path).is_absolute() ? path : (entry.folder / path).lexically_normal().string();
}

// The contents given inline as `<key>-data` or in the file named by `key`, whose path is noted in
// `path`; empty if neither.
Result<std::string> data_or_file(const Entry& entry, const std::string& key, std::string& path) {
  const auto data = text(entry.node, (key + "-data").c_str());
  if (!data.empty()) return decode_data(data, key + "-data");
  const auto given = text(entry.node, key.c_str());
  if (given.empty()) return std::string();
  path = resolved(entry, given);
  auto contents = read_file(path);
  if (!contents) return std::unexpected(contents.error().in(key));
  return contents;
}

class Kubeconfig {
 public:
  Result<void> add(const std::string& path) {
    auto contents = read_file(path);
    if (!contents) return std::unexpected(contents.error());
    YAML::Node root = YAML::Load(*contents);
    if (!root.IsMap()) return fail(Code::kInvalid, "it is not a YAML mapping");
    std::error_code error;
    files_.push_back({root, fs::absolute(path, error).parent_path()});
    if (current_.empty()) current_ = text(root, "current-context");
    return {};
  }

  const std::string& current() const { return current_; }

  // The entry of that name in `list`, with the member `body` as its node.
  std::optional<Entry> find(const char* list, const char* body, const std::string& name) const {
    for (const auto& file : files_) {
      const YAML::Node entries = file.node[list];
      if (!entries || !entries.IsSequence()) continue;
      for (const auto& entry : entries) {
        if (!entry.IsMap() || text(entry, "name") != name) continue;
        const YAML::Node found = entry[body];
        if (found && found.IsMap()) return Entry{found, file.folder};
        return Entry{YAML::Node(YAML::NodeType::Map), file.folder};
      }
    }
    return std::nullopt;
  }

 private:
  std::vector<Entry> files_;
  std::string current_;
};

std::vector<std::string> kubeconfig_paths(const std::string& given) {
  if (!given.empty()) return {given};
  const char* variable = std::getenv("KUBECONFIG");
  std::vector<std::string> paths;
  if (variable != nullptr) {
    std::istringstream list{std::string(variable)};
    for (std::string path; std::getline(list, path, ':');) {
      if (!path.empty()) paths.push_back(path);
    }
  }
  if (!paths.empty()) return paths;
  const char* home = std::getenv("HOME");
  return {std::string(home == nullptr ? "" : home) + "/.kube/config"};
}

Result<void> apply_cluster(const Entry& cluster, Config& config, TlsFiles& files) {
  const auto server = text(cluster.node, "server");
  if (server.empty()) return fail(Code::kInvalid, "the cluster has no server");
  auto url = net::parse_url(server);
  if (!url) return std::unexpected(url.error().in("server"));
  config.server = std::move(*url);
  auto ca = data_or_file(cluster, "certificate-authority", files.ca);
  if (!ca) return std::unexpected(ca.error());
  config.tls.ca_pem = std::move(*ca);
  config.tls.insecure = truth(cluster.node, "insecure-skip-tls-verify");
  if (config.tls.insecure && !config.tls.ca_pem.empty()) {
    return fail(Code::kInvalid,
                "insecure-skip-tls-verify and a certificate-authority exclude each other");
  }
  config.tls.server_name = text(cluster.node, "tls-server-name");
  config.proxy_url = text(cluster.node, "proxy-url");
  return {};
}

std::string exec_info(const Config& config, const std::string& server, const YAML::Node& exec,
                      const std::string& api_version) {
  JsonObject spec;
  spec["interactive"] = false;
  if (truth(exec, "provideClusterInfo")) {
    JsonObject cluster;
    cluster["server"] = server;
    if (!config.tls.ca_pem.empty()) {
      cluster["certificate-authority-data"] = base64_encode(config.tls.ca_pem);
    }
    if (config.tls.insecure) cluster["insecure-skip-tls-verify"] = true;
    if (!config.tls.server_name.empty()) cluster["tls-server-name"] = config.tls.server_name;
    spec["cluster"] = cluster;
  }
  JsonObject info;
  info["apiVersion"] = api_version;
  info["kind"] = "ExecCredential";
  info["spec"] = spec;
  return boost::json::serialize(info);
}

Result<std::shared_ptr<TokenSource>> exec_source(Clock& clock, const Entry& user,
                                                 const std::string& server, const Config& config) {
  const YAML::Node exec = user.node["exec"];
  ExecCommand command;
  command.command = text(exec, "command");
  if (command.command.empty()) return fail(Code::kInvalid, "exec has no command");
  if (command.command.find('/') != std::string::npos) {
    command.command = resolved(user, command.command);
  }
  command.api_version = text(exec, "apiVersion");
  if (command.api_version != "client.authentication.k8s.io/v1" &&
      command.api_version != "client.authentication.k8s.io/v1beta1") {
    return fail(Code::kInvalid,
                "exec has an apiVersion that is not supported: \"" + command.api_version + "\"");
  }
  if (text(exec, "interactiveMode") == "Always") {
    return fail(Code::kInvalid, "exec needs a terminal (interactiveMode: Always)");
  }
  for (const auto& argument : exec["args"]) command.arguments.push_back(argument.Scalar());
  for (const auto& entry : exec["env"]) {
    command.environment.emplace_back(text(entry, "name"), text(entry, "value"));
  }
  command.install_hint = trimmed(text(exec, "installHint"));
  command.exec_info = exec_info(config, server, exec, command.api_version);
  return std::make_shared<ExecCredential>(clock, std::move(command));
}

Result<void> apply_user(Clock& clock, const Entry& user, const std::string& server, Config& config,
                        TlsFiles& files) {
  if (user.node["auth-provider"]) {
    return fail(Code::kInvalid, "auth-provider is not supported; use an exec plugin");
  }
  if (user.node["username"] || user.node["password"]) {
    return fail(Code::kInvalid, "user names with passwords are not supported by Kubernetes");
  }
  auto certificate = data_or_file(user, "client-certificate", files.certificate);
  if (!certificate) return std::unexpected(certificate.error());
  auto key = data_or_file(user, "client-key", files.key);
  if (!key) return std::unexpected(key.error());
  if (certificate->empty() != key->empty()) {
    return fail(Code::kInvalid, "client-certificate and client-key are only useful together");
  }
  config.tls.certificate_pem = std::move(*certificate);
  config.tls.key_pem = std::move(*key);

  Result<std::shared_ptr<TokenSource>> source = std::shared_ptr<TokenSource>();
  // The file wins over the literal, and both over a plugin, as in kubectl.
  if (const auto file = text(user.node, "tokenFile"); !file.empty()) {
    source = make_file_token(clock, resolved(user, file));
  } else if (const auto token = text(user.node, "token"); !token.empty()) {
    source = make_static_token(token);
  } else if (user.node["exec"]) {
    source = exec_source(clock, user, server, config);
  }
  if (!source) return std::unexpected(source.error());
  config.token = std::move(*source);
  return {};
}

Result<Config> build(Clock& clock, const Kubeconfig& file, std::string context) {
  if (context.empty()) context = file.current();
  if (context.empty()) return fail(Code::kInvalid, "there is no current-context");
  const auto chosen = file.find("contexts", "context", context);
  if (!chosen) return fail(Code::kInvalid, "there is no context \"" + context + "\"");
  const auto cluster_name = text(chosen->node, "cluster");
  const auto cluster = file.find("clusters", "cluster", cluster_name);
  if (!cluster) return fail(Code::kInvalid, "there is no cluster \"" + cluster_name + "\"");
  Config config;
  TlsFiles files;
  if (const auto space = text(chosen->node, "namespace"); !space.empty()) {
    config.default_namespace = space;
  }
  if (auto done = apply_cluster(*cluster, config, files); !done) {
    return std::unexpected(done.error().in("cluster \"" + cluster_name + "\""));
  }
  if (const auto user_name = text(chosen->node, "user"); !user_name.empty()) {
    const auto user = file.find("users", "user", user_name);
    if (!user) return fail(Code::kInvalid, "there is no user \"" + user_name + "\"");
    const auto server = text(cluster->node, "server");
    if (auto done = apply_user(clock, *user, server, config, files); !done) {
      return std::unexpected(done.error().in("user \"" + user_name + "\""));
    }
  }
  if (files != TlsFiles{}) config.token = make_tls_files(clock, files, std::move(config.token));
  return config;
}

}  // namespace

std::shared_ptr<TokenSource> make_static_token(std::string token) {
  return std::make_shared<StaticToken>(std::move(token));
}

Result<Config> load_kubeconfig(Clock& clock, std::string path, std::string context) {
  const auto paths = kubeconfig_paths(path);
  Kubeconfig file;
  std::string reading;
  try {
    for (const auto& one : paths) {
      reading = one;
      // In a list, files that do not exist are passed over.
      if (paths.size() > 1 && !fs::exists(one)) continue;
      auto added = file.add(one);
      if (!added) return std::unexpected(added.error().in("kubeconfig " + one));
    }
    auto config = build(clock, file, std::move(context));
    if (!config) return std::unexpected(config.error().in("kubeconfig " + reading));
    return config;
  } catch (const YAML::Exception& error) {
    // Only the place: the text of the error could quote the file.
    return fail(Code::kInvalid, fmt::format("kubeconfig {}: not valid YAML near line {}", reading,
                                            error.mark.line + 1));
  } catch (const fs::filesystem_error&) {
    return fail(Code::kInvalid, "kubeconfig " + reading + ": cannot be read");
  }
}

Result<Config> in_cluster_config(Clock& clock, std::string folder) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr || *host == '\0' || *port == '\0') {
    return fail(Code::kInvalid,
                "not running in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are "
                "not set");
  }
  const int number = std::atoi(port);
  if (number <= 0 || number > 65535) {
    return fail(Code::kInvalid, "KUBERNETES_SERVICE_PORT is not a port");
  }
  Config config;
  config.server = {.scheme = "https", .host = host, .port = std::uint16_t(number), .path = "/"};
  auto token = make_file_token(clock, folder + "/token");
  if (!token) return std::unexpected(token.error().in("service account"));
  const TlsFiles files{.ca = folder + "/ca.crt"};
  auto ca = read_file(files.ca);
  if (!ca) return std::unexpected(ca.error().in("service account"));
  config.token = make_tls_files(clock, files, std::move(*token));
  config.tls.ca_pem = std::move(*ca);
  if (auto space = read_file(folder + "/namespace")) {
    if (auto name = trimmed(std::move(*space)); !name.empty()) config.default_namespace = name;
  }
  return config;
}

}  // namespace infra::kube
