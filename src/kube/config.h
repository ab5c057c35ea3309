#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "net/http.h"

namespace infra::kube {

// Who we are to the API server. An empty token means none is sent; an empty certificate or
// authority means that of the configuration, if any.
struct Credential {
  std::string token;
  std::string certificate_pem;
  std::string key_pem;
  std::string ca_pem;  // whom we trust to be the API server
};

// Asked before each request, so that what has been rotated is used at once. `renew` is set after
// the server has refused the previous answer.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual Task<Result<Credential>> get(bool renew) = 0;
};

struct Config {
  net::Url server;  // its path is a prefix of every request path
  net::TlsOptions tls;
  std::string default_namespace = "default";
  std::string proxy_url;               // of the cluster entry; empty: as the environment says
  std::shared_ptr<TokenSource> token;  // may be null
};

// Reads the files named by `path`, else by $KUBECONFIG (a list joined by colons, the first file
// that has an entry wins), else ~/.kube/config. An empty `context` means the current one. The
// clock must outlive the configuration.
Result<Config> load_kubeconfig(Clock& clock, std::string path = "", std::string context = "");

// What a pod finds: KUBERNETES_SERVICE_HOST and _PORT, and the files of its service account.
Result<Config> in_cluster_config(
    Clock& clock, std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount");

std::shared_ptr<TokenSource> make_static_token(std::string token);
// Looks at the modification time of the file at most once a minute.
Result<std::shared_ptr<TokenSource>> make_file_token(Clock& clock, std::string path);

}  // namespace infra::kube
