#include "operator/webhook_authority.h"

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <sstream>

#include "base/base64.h"
#include "kube/fakes_for_test.h"

namespace infra {
namespace {

using net::PemPair;
using std::chrono::hours;
using testing::HasSubstr;

constexpr hours kDay{24};
const std::vector<std::string> kHosts{"hook", "hook.here", "hook.here.svc"};
constexpr const char* kSecret = "/api/v1/namespaces/here/secrets/keys";
constexpr const char* kConfiguration =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hooks";

// A Secret and a configuration as an API server holds them.
class FakeObjects {
 public:
  FakeObjects() {
    objects[kSecret] = parse_json(R"({"metadata": {"name": "keys"}})").value();
    objects[kConfiguration] = parse_json(R"({"metadata": {"name": "hooks"}, "webhooks": [
        {"name": "a", "clientConfig": {"service": {"name": "hook"}}},
        {"name": "b", "clientConfig": {"service": {"name": "hook"}}}]})")
                                  .value();
  }

  kube::Reply answer(const net::HttpRequest& request) {
    const auto found = objects.find(request.target);
    if (found == objects.end()) return refuse(404, "NotFound");
    if (request.method + request.target == forbidden) return refuse(403, "Forbidden");
    if (request.method == "PATCH") {
      if (before_write) std::exchange(before_write, nullptr)();
      if (!write(request.target, parse_json(request.body).value())) {
        ++conflicts;
        return refuse(409, "Conflict");
      }
    }
    set_path(found->second, "metadata.resourceVersion", Json(version(request.target)));
    return {.body = serialize(found->second)};
  }

  std::string in_secret(std::string_view key) const {
    const Json* data = find_path(objects.at(kSecret), "data");
    if (data == nullptr || !data->get_object().contains(key)) return "";
    return base64_decode(std::string(data->get_object().at(key).get_string())).value();
  }
  void put(std::string_view key, const std::string& text) {
    Json& secret = objects.at(kSecret);
    if (find_path(secret, "data") == nullptr) set_path(secret, "data", JsonObject{});
    secret.get_object()["data"].get_object()[key] = base64_encode(text);
    ++versions_[kSecret];
  }
  void empty() {
    erase_path(objects.at(kSecret), "data");
    ++versions_[kSecret];
  }
  void set_bundle(std::size_t hook, const std::string& text) {
    Json& hooks = objects.at(kConfiguration).get_object()["webhooks"];
    set_path(hooks.get_array()[hook], "clientConfig.caBundle", Json(base64_encode(text)));
    ++versions_[kConfiguration];
  }

  std::string bundle(std::size_t hook = 0) const {
    const Json& hooks = *find_path(objects.at(kConfiguration), "webhooks");
    return base64_decode(text_at(hooks.get_array()[hook], "clientConfig.caBundle")).value();
  }

  std::map<std::string, Json> objects;
  std::string forbidden;               // a method and a path
  std::function<void()> before_write;  // what happens just before the next one
  int writes = 0, conflicts = 0;

 private:
  static kube::Reply refuse(int status, const std::string& reason) {
    return {.status = status,
            .body = R"({"kind": "Status", "message": "no: \" cannot )" + reason +
                    R"(\"", "reason": ")" + reason + "\"}"};
  }

  std::string version(const std::string& path) { return std::to_string(versions_[path]); }

  bool write(const std::string& path, const Json& patch) {
    const std::string now = version(path);
    Json& object = objects.at(path);
    if (patch.is_array()) {
      const JsonArray& steps = patch.get_array();
      if (text_at(steps[0], "value") != now) return false;
      for (std::size_t i = 1; i < steps.size(); ++i) {
        Json& hook = object.get_object()["webhooks"].get_array()[i - 1];
        set_path(hook, "clientConfig.caBundle", *find_path(steps[i], "value"));
      }
    } else {
      if (text_at(patch, "metadata.resourceVersion") != now) return false;
      set_path(object, "data", *find_path(patch, "data"));
    }
    ++versions_[path];
    ++writes;
    return true;
  }

  std::map<std::string, int> versions_;
};

class WebhookAuthorityTest : public kube::Bench {
 protected:
  WebhookAuthorityTest() {
    transport.handler = [this](const net::HttpRequest& request) { return objects.answer(request); };
  }

  std::unique_ptr<WebhookAuthority> make(const std::vector<std::string>& hosts = kHosts) {
    return std::make_unique<WebhookAuthority>(
        client, clock, log,
        WebhookAuthoritySettings{
            .ns = "here", .secret = "keys", .configuration = "hooks", .hosts = hosts});
  }

  Result<PemPair> look(WebhookAuthority& who) { return await(who.look()); }
  Result<PemPair> look() { return look(*authority); }
  // What is shown once all is in place.
  PemPair settle() {
    look();
    return look().value();
  }

  bool trusted(const PemPair& pair, const std::string& bundle) const {
    const auto all = net::certificates_in(bundle);
    return std::ranges::any_of(all, [&](const std::string& one) {
      return net::check_server_certificate(pair, one, kHosts).has_value();
    });
  }

  FakeObjects objects;
  std::ostringstream lines;
  telemetry::Logger log{lines, telemetry::Level::kInfo, telemetry::Format::kJson, clock};
  std::unique_ptr<WebhookAuthority> authority = make();
};

TEST_F(WebhookAuthorityTest, MakesAllThatIsMissingAndShowsItWhenItIsTrusted) {
  const auto first = look();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Code::kBusy);
  const auto shown = look();
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->certificate, objects.in_secret("tls.crt"));
  for (const std::size_t hook : {0, 1}) {
    EXPECT_EQ(objects.bundle(hook), objects.in_secret("ca.crt"));
  }
  EXPECT_TRUE(trusted(*shown, objects.bundle()));
  const auto valid = net::validity_of(shown->certificate).value();
  EXPECT_LT(valid.begin, clock.wall() - std::chrono::minutes(59));
  EXPECT_EQ((valid.end - clock.wall()) / kDay, 90);
  EXPECT_EQ(objects.writes, 2);
  look();
  EXPECT_EQ(objects.writes, 2) << "what is in place was written again";
}

TEST_F(WebhookAuthorityTest, NeverLogsAKey) {
  settle();
  EXPECT_THAT(lines.str(), HasSubstr("made a new certificate"));
  EXPECT_EQ(lines.str().find("PRIVATE"), std::string::npos);
}

TEST_F(WebhookAuthorityTest, TakesWhatIsThere) {
  const PemPair first = settle();
  authority = make();
  EXPECT_EQ(settle(), first);
  EXPECT_EQ(objects.writes, 2);
}

TEST_F(WebhookAuthorityTest, RenewsTheCertificateAndKeepsTheAuthority) {
  const PemPair first = settle();
  const std::string bundle = objects.bundle();
  clock.advance(59 * kDay);
  EXPECT_EQ(look(), first);
  clock.advance(2 * kDay);
  const auto next = look();
  ASSERT_TRUE(next);
  EXPECT_NE(*next, first);
  EXPECT_EQ(objects.bundle(), bundle);
  EXPECT_TRUE(trusted(*next, bundle));
}

TEST_F(WebhookAuthorityTest, TrustsBothAuthoritiesUntilTheNextCertificate) {
  const PemPair first = settle();
  const std::string old = objects.in_secret("ca.crt");
  const Duration life = 5 * 365 * kDay;
  clock.advance(life * 2 / 3 + kDay);
  EXPECT_EQ(look(), first) << "shown before it is trusted";
  const std::string fresh = objects.in_secret("ca.crt");
  ASSERT_NE(fresh, old);
  EXPECT_EQ(objects.bundle(), fresh + old);
  const auto next = look();
  EXPECT_NE(next, first);
  EXPECT_TRUE(trusted(next.value(), fresh));
  clock.advance(61 * kDay);
  settle();
  EXPECT_EQ(objects.bundle(), fresh);
}

// Two processes, of which one looks twice as often.
class TwoAuthoritiesTest : public WebhookAuthorityTest {
 protected:
  // Whatever is shown was trusted a look ago, by whom has not heard of the latest bundle, and is
  // now; and it is good for weeks.
  void look_of(std::size_t which) {
    const std::string before = objects.bundle();
    const auto found = look(which == 0 ? *authority : *other);
    const bool is_new = found && shown[which] != *found;
    if (is_new) {
      ++taken;
      shown[which] = *found;
      ASSERT_TRUE(trusted(*found, before)) << "not every API server has heard of it";
    }
    const std::string after = objects.bundle();
    ASSERT_LE(net::certificates_in(after).size(), 2U);
    for (const auto& pair : shown) {
      if (pair == PemPair{}) continue;
      ASSERT_GT(net::validity_of(pair.certificate).value().end, clock.wall() + 15 * kDay);
      const bool changed = is_new || after != before;
      ASSERT_TRUE(!changed || trusted(pair, after));
    }
    authorities.insert(objects.in_secret("ca.crt"));
    clock.advance(Duration{3'000});
  }

  const std::unique_ptr<WebhookAuthority> other = make();
  PemPair shown[2];
  std::set<std::string> authorities;
  int taken = 0;
};

TEST_F(TwoAuthoritiesTest, ForEightYearsNobodyShowsWhatIsNotTrusted) {
  for (int day = 0; day < 8 * 365; day += 5) {
    if (day == 100 || day == 2'000) objects.empty();
    for (const std::size_t which : {0, 1, 0}) {
      ASSERT_NO_FATAL_FAILURE(look_of(which)) << day;
    }
    clock.advance(5 * kDay);
  }
  EXPECT_GT(taken, 2 * 40);
  EXPECT_EQ(authorities.size(), 4U) << "at first, twice when emptied, and one in time";
}

TEST_F(WebhookAuthorityTest, OfTwoThatMakeOneWins) {
  // Both read before either writes.
  transport.handler = [this](const net::HttpRequest& request) {
    kube::Reply reply = objects.answer(request);
    reply.delay = Duration{10};
    return reply;
  };
  const auto other = make();
  const auto theirs = std::make_shared<std::optional<Result<PemPair>>>();
  spawn(keep(other->look(), theirs));
  EXPECT_EQ(look().error().code, Code::kBusy);
  ASSERT_TRUE(run_until([&] { return theirs->has_value(); }));
  EXPECT_EQ((*theirs)->error().code, Code::kBusy);
  EXPECT_EQ(objects.conflicts, 1);
  const PemPair mine = settle();
  look(*other);
  EXPECT_EQ(look(*other), mine);
  EXPECT_EQ(objects.writes, 2);
}

TEST_F(WebhookAuthorityTest, AnotherWriterOfTheConfigurationIsNotOverwritten) {
  look();
  objects.set_bundle(0, "");
  objects.before_write = [this] { objects.set_bundle(0, "theirs"); };
  EXPECT_EQ(look().error().code, Code::kBusy);
  EXPECT_EQ(objects.bundle(), "theirs");
  settle();
  EXPECT_EQ(objects.bundle(), objects.in_secret("ca.crt"));
}

TEST_F(WebhookAuthorityTest, MakesGarbageAnew) {
  const PemPair first = settle();
  const std::string old = objects.in_secret("ca.crt");
  for (const auto& [key, same_authority] :
       {std::pair("tls.crt", true), std::pair("tls.key", true), std::pair("ca.crt", false),
        std::pair("ca.key", false)}) {
    SCOPED_TRACE(key);
    const std::string before = objects.in_secret("ca.crt");
    objects.put(key, "garbage");
    const PemPair next = settle();
    EXPECT_NE(next, first);
    EXPECT_TRUE(trusted(next, objects.bundle()));
    EXPECT_EQ(objects.in_secret("ca.crt") == before, same_authority);
  }
  EXPECT_THAT(objects.bundle(), HasSubstr(old));
  objects.put("ca-before.crt", "garbage");
  settle();
  EXPECT_EQ(objects.bundle(), objects.in_secret("ca.crt"));
}

TEST_F(WebhookAuthorityTest, AnEmptiedSecretIsFilledAndTheOldCertificateTrustedOn) {
  const PemPair first = settle();
  objects.empty();
  EXPECT_EQ(look(), first);
  EXPECT_TRUE(trusted(first, objects.bundle()));
  const auto next = look();
  EXPECT_NE(next, first);
  EXPECT_TRUE(trusted(first, objects.bundle())) << "another process may show it";
  EXPECT_TRUE(trusted(next.value(), objects.bundle()));
}

// An API server may not have heard yet of the bundle that the other one has just written.
TEST_F(WebhookAuthorityTest, WhatAnotherHasMadeIsShownALookLater) {
  const PemPair first = settle();
  const auto other = make();
  look(*other);
  ASSERT_EQ(look(*other), first);
  objects.empty();
  look();
  EXPECT_EQ(look(*other), first);
  EXPECT_NE(look(*other), first);
}

TEST_F(WebhookAuthorityTest, ABundleDoesNotGrowForEver) {
  for (int i = 0; i < 9; ++i) {
    objects.empty();
    settle();
  }
  EXPECT_EQ(net::certificates_in(objects.bundle()).size(), 5U);
}

TEST_F(WebhookAuthorityTest, MakesOneForTheHostsThatItIsCalledBy) {
  settle();
  authority = make({"other.here.svc", "127.0.0.1"});
  const PemPair next = settle();
  const auto looked =
      net::check_server_certificate(next, objects.bundle(), {"other.here.svc", "127.0.0.1"});
  EXPECT_TRUE(looked) << looked.error().message;
}

TEST_F(WebhookAuthorityTest, PutsItsBundleBack) {
  settle();
  objects.set_bundle(1, "foreign");
  look();
  EXPECT_EQ(objects.bundle(1), objects.bundle(0));
}

TEST_F(WebhookAuthorityTest, SaysWhichRightIsMissing) {
  const std::string get = "GET", patch = "PATCH";
  const std::string secret = "Secret here/keys; give it get and patch on that one";
  const std::string hooks = "ValidatingWebhookConfiguration hooks; give it get and patch on";
  for (const auto& [what, sentence] : {std::pair(get + kSecret, "may not get " + secret),
                                       std::pair(get + kConfiguration, "may not get " + hooks),
                                       std::pair(patch + kSecret, "may not patch " + secret)}) {
    objects.forbidden = what;
    const auto found = look();
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, HasSubstr("the operator's account " + sentence));
    EXPECT_EQ(objects.writes, 0);
  }
  objects.forbidden = patch + kConfiguration;
  EXPECT_THAT(look().error().message, HasSubstr("the operator's account may not patch " + hooks));
  objects.forbidden.clear();
  EXPECT_TRUE(settle() != PemPair{});
}

TEST_F(WebhookAuthorityTest, SaysWhatIsNotThere) {
  for (const auto& [path, sentence] :
       {std::pair(kSecret, "there is no Secret here/keys; bring it back with helm upgrade"),
        std::pair(kConfiguration, "there is no ValidatingWebhookConfiguration hooks; bring it")}) {
    const auto taken = objects.objects.extract(path);
    EXPECT_THAT(look().error().message, HasSubstr(sentence));
    objects.objects[path] = taken.mapped();
  }
}

TEST_F(WebhookAuthorityTest, SaysWhatIsNoHost) {
  authority = make({"a,nonsense:b"});
  EXPECT_THAT(look().error().message, HasSubstr("these must be DNS names and IP addresses"));
}

}  // namespace
}  // namespace infra
