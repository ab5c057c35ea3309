#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/config.h"

namespace infra::kube {

// A program that prints an ExecCredential, as in the `exec` entry of a kubeconfig user.
struct ExecCommand {
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  // on top of ours
  std::string api_version = "client.authentication.k8s.io/v1";
  std::string exec_info;  // value of KUBERNETES_EXEC_INFO
  std::string install_hint;
  Duration limit{30'000};
};

// Runs the program without a shell when a credential is needed and keeps its answer until it
// expires or the server refuses it.
class ExecCredential final : public TokenSource {
 public:
  ExecCredential(Clock& clock, ExecCommand command);
  Task<Result<Credential>> get(bool renew) override;

 private:
  Task<Result<Credential>> run();

  Clock& clock_;
  ExecCommand command_;
  std::optional<Credential> cached_;
  WallTime expires_{};
  bool running_ = false;
};

}  // namespace infra::kube
