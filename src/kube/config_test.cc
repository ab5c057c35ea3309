#include "kube/config.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "kube/exec_credential.h"
#include "kube/fakes_for_test.h"
#include "net/identity_for_test.h"

namespace infra::kube {
namespace {

namespace fs = std::filesystem;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    folder = fs::path(::testing::TempDir()) /
             ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder);
    fs::create_directories(folder);
    write("ca.crt", "CA");
    write("token", "from-file\n");
  }
  ~ConfigTest() override { fs::remove_all(folder); }

  std::string write(std::string name, std::string text) {
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  // As rewritten a second later, so that the file system's clock need not tell the two apart.
  void rewrite(std::string name, std::string text) {
    const auto before = fs::last_write_time(folder / name);
    write(name, std::move(text));
    fs::last_write_time(folder / name, before + std::chrono::seconds(1));
  }
  std::string kubeconfig(std::string user, std::string cluster = "server: https://k.test:6443") {
    return write("config",
                 "current-context: c\ncontexts:\n- name: c\n  context: {cluster: k, "
                 "user: u, namespace: team}\nclusters:\n- name: k\n  cluster: {" +
                     cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n");
  }
  template <class T>
  T await(Task<T> task) {
    boost::asio::io_context io;
    std::optional<T> out;
    boost::asio::co_spawn(io, std::move(task),
                          [&out](std::exception_ptr, T value) { out.emplace(std::move(value)); });
    io.run();
    return std::move(*out);
  }
  std::string token_of(const Config& config) { return await(config.token->get(false))->token; }

  SystemClock clock;
  fs::path folder;
};

TEST_F(ConfigTest, LiteralToken) {
  auto config = load_kubeconfig(
      clock, kubeconfig("token: abc",
                        "server: 'https://k.test:6443/prefix', tls-server-name: sni, "
                        "certificate-authority: ca.crt"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.host, "k.test");
  EXPECT_EQ(config->server.port, 6443);
  EXPECT_EQ(config->server.path, "/prefix");
  EXPECT_EQ(config->default_namespace, "team");
  EXPECT_EQ(config->tls.ca_pem, "CA");  // relative to the kubeconfig
  EXPECT_EQ(config->tls.server_name, "sni");
  EXPECT_EQ(token_of(*config), "abc");
}

TEST_F(ConfigTest, TokenFileWinsAndIsTrimmed) {
  auto config = load_kubeconfig(clock, kubeconfig("token: abc, tokenFile: token"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(token_of(*config), "from-file");
  write("token", "rotated");
  EXPECT_EQ(await(config->token->get(true))->token, "rotated");
}

class RotationTest : public ConfigTest {
 protected:
  RotationTest() {
    write("c.pem", before.certificate);
    write("k.pem", before.key);
    const auto path = kubeconfig("client-certificate: c.pem, client-key: k.pem, tokenFile: token",
                                 "server: 'https://k.test:6443', certificate-authority: ca.crt");
    config = load_kubeconfig(hand, path).value();
  }
  Credential credential(bool renew = false) { return *await(config.token->get(renew)); }

  const net::PemPair before = net::make_identity("DNS:before.test");
  const net::PemPair after = net::make_identity("DNS:after.test");
  HandClock hand;
  Config config;
};

TEST_F(RotationTest, ChangedFilesAreReadOnceAMinute) {
  EXPECT_EQ(credential().ca_pem, "CA");
  EXPECT_EQ(credential().certificate_pem, before.certificate);
  EXPECT_EQ(credential().key_pem, before.key);
  EXPECT_EQ(credential().token, "from-file");
  rewrite("ca.crt", "CA2");
  rewrite("c.pem", after.certificate);
  rewrite("k.pem", after.key);
  rewrite("token", "rotated\n");
  hand.advance(std::chrono::seconds(59));
  EXPECT_EQ(credential().ca_pem, "CA");
  EXPECT_EQ(credential().certificate_pem, before.certificate);
  EXPECT_EQ(credential().token, "from-file");
  hand.advance(std::chrono::seconds(1));
  EXPECT_EQ(credential().ca_pem, "CA2");
  EXPECT_EQ(credential().certificate_pem, after.certificate);
  EXPECT_EQ(credential().key_pem, after.key);
  EXPECT_EQ(credential().token, "rotated");
}

TEST_F(RotationTest, RefusalLooksAtOnce) {
  credential();
  rewrite("c.pem", after.certificate);
  rewrite("k.pem", after.key);
  EXPECT_EQ(credential(true).certificate_pem, after.certificate);
}

TEST_F(RotationTest, PairIsTakenWhole) {
  credential();
  rewrite("c.pem", after.certificate);
  hand.advance(std::chrono::minutes(1));
  EXPECT_EQ(credential().certificate_pem, before.certificate);
  EXPECT_EQ(credential().key_pem, before.key);
  rewrite("k.pem", after.key);
  hand.advance(std::chrono::minutes(1));
  EXPECT_EQ(credential().certificate_pem, after.certificate);
  EXPECT_EQ(credential().key_pem, after.key);
}

TEST_F(RotationTest, UntouchedFilesAreNotReadAgain) {
  credential();
  const auto time = fs::last_write_time(folder / "ca.crt");
  write("ca.crt", "unseen");
  fs::last_write_time(folder / "ca.crt", time);
  hand.advance(std::chrono::minutes(1));
  EXPECT_EQ(credential().ca_pem, "CA");
}

TEST_F(RotationTest, MissingFilesLeaveTheOldTexts) {
  credential();
  for (const char* name : {"ca.crt", "c.pem", "k.pem", "token"}) fs::remove(folder / name);
  hand.advance(std::chrono::minutes(1));
  EXPECT_EQ(credential().ca_pem, "CA");
  EXPECT_EQ(credential().certificate_pem, before.certificate);
  EXPECT_EQ(credential().token, "from-file");
  write("ca.crt", "CA2");
  hand.advance(std::chrono::minutes(1));
  EXPECT_EQ(credential().ca_pem, "CA2");
}

TEST_F(ConfigTest, InlineCertificates) {
  auto config = load_kubeconfig(
      clock, kubeconfig("client-certificate-data: Q0VSVA==, client-key-data: S0VZ",
                        "server: https://k.test, certificate-authority-data: Q0E="));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->tls.certificate_pem, "CERT");
  EXPECT_EQ(config->tls.key_pem, "KEY");
  EXPECT_EQ(config->tls.ca_pem, "CA");
  EXPECT_EQ(config->token, nullptr);
}

TEST_F(ConfigTest, Insecure) {
  auto config = load_kubeconfig(
      clock, kubeconfig("", "server: https://k.test, insecure-skip-tls-verify: true"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->tls.insecure);
}

TEST_F(ConfigTest, FirstFileOfAListWins) {
  const auto one = kubeconfig("token: one");
  const auto two = write("two", "current-context: x\nusers:\n- name: u\n  user: {token: two}\n");
  ::setenv("KUBECONFIG", (two + ":" + one + ":/does/not/exist").c_str(), 1);
  auto config = load_kubeconfig(clock, "", "c");
  ::unsetenv("KUBECONFIG");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(token_of(*config), "two");
}

TEST_F(ConfigTest, BadFilesAreExplained) {
  struct Row {
    std::string path;
    std::string says;
  };
  for (const auto& [path, says] : std::vector<Row>{
           {folder / "none", "cannot read the file"},
           {write("list", "- a"), "not a YAML mapping"},
           {write("broken", "a: [1"), "not valid YAML near line"},
           {write("empty", "{}"), "no current-context"},
           {write("lost", "current-context: q"), "no context \"q\""},
       }) {
    auto config = load_kubeconfig(clock, path);
    ASSERT_FALSE(config) << says;
    EXPECT_NE(config.error().message.find(says), std::string::npos) << config.error().message;
  }
  for (const auto& [user, says] : std::vector<Row>{
           {"tokenFile: nowhere", "cannot read the file"},
           {"client-certificate-data: Q0VSVA==", "only useful together"},
           {"client-certificate-data: '*', client-key-data: S0VZ", "not base64"},
           {"username: a, password: hunter2", "not supported"},
           {"auth-provider: {name: gcp}", "auth-provider is not supported"},
           {"exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}",
            "apiVersion that is not supported"},
           {"exec: {apiVersion: client.authentication.k8s.io/v1}", "no command"},
       }) {
    auto config = load_kubeconfig(clock, kubeconfig(user));
    ASSERT_FALSE(config) << says;
    EXPECT_NE(config.error().message.find(says), std::string::npos) << config.error().message;
    EXPECT_EQ(config.error().message.find("hunter2"), std::string::npos);
  }
}

TEST_F(ConfigTest, ExecPluginIsAskedOnceUntilItExpires) {
  const auto script = write("plugin", R"(#!/bin/sh
echo x >> "$(dirname "$0")/runs"
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
printf '"status":{"token":"%s-%s","expirationTimestamp":"2999-01-01T00:00:00Z"}}' "$1" "$EXTRA"
)");
  fs::permissions(script, fs::perms::owner_all);
  auto config = load_kubeconfig(
      clock, kubeconfig("exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, "
                        "args: [\"a b; c\"], env: [{name: EXTRA, value: e}]}"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(token_of(*config), "a b; c-e");
  EXPECT_EQ(token_of(*config), "a b; c-e");
  EXPECT_EQ(fs::file_size(folder / "runs"), 2u);
  EXPECT_TRUE(await(config->token->get(true)));
  EXPECT_EQ(fs::file_size(folder / "runs"), 4u);
}

TEST_F(ConfigTest, ExecPluginFailures) {
  struct Row {
    std::string script;
    std::string says;
  };
  for (const auto& [script, says] : std::vector<Row>{
           {"exit 3", "failed with status 3"},
           {"echo secret", "not JSON"},
           {"echo '{}'", "not an ExecCredential"},
           {R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
               "status":{"token":"secret","expirationTimestamp":"soon"}}')",
            "expirationTimestamp that is no time"},
           {"sleep 30", "did not answer in time"},
       }) {
    ExecCommand command{.command = "/bin/sh", .arguments = {"-c", script}};
    command.limit = Duration{300};
    ExecCredential source(clock, command);
    auto answer = await(source.get(false));
    ASSERT_FALSE(answer) << says;
    EXPECT_NE(answer.error().message.find(says), std::string::npos) << answer.error().message;
    EXPECT_EQ(answer.error().message.find("secret"), std::string::npos);
  }
  ExecCredential missing(clock, {.command = "/does/not/exist", .install_hint = "install it"});
  auto answer = await(missing.get(false));
  EXPECT_NE(answer.error().message.find("install it"), std::string::npos);
}

TEST_F(ConfigTest, InCluster) {
  EXPECT_FALSE(in_cluster_config(clock, folder));
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  write("namespace", "system\n");
  auto config = in_cluster_config(clock, folder);
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  ::unsetenv("KUBERNETES_SERVICE_PORT");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.host, "fd00::1");
  EXPECT_EQ(config->default_namespace, "system");
  EXPECT_EQ(token_of(*config), "from-file");
  rewrite("ca.crt", "CA2");
  EXPECT_EQ(await(config->token->get(true))->ca_pem, "CA2");
}

}  // namespace
}  // namespace infra::kube
