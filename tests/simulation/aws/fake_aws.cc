#include "aws/fake_aws.h"

#include <algorithm>
#include <ctime>

#include "aws/kinds.h"
#include "aws/services.h"
#include "aws/state.h"
#include "aws/xml_writer.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::optional<WallTime> parse_stamp(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  if (strptime(copy.c_str(), "%Y%m%dT%H%M%SZ", &parts) == nullptr) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

// What AWS says to a request whose date is too far from its own time; nothing: it is not.
std::optional<Answer> skew_refusal(const Request& request, WallTime now) {
  const auto stamp = parse_stamp(net::header(request.http.headers, "X-Amz-Date"));
  if (!stamp) return std::nullopt;
  const auto most = request.call.service == "s3" ? minutes(15) : minutes(5);
  if (*stamp <= now + most && *stamp >= now - most) return std::nullopt;
  // EC2 takes a date in the future for a bad signature.
  const bool future = request.call.service == "ec2" && *stamp > now;
  return general_refusal(request,
                         future ? AwsRefusal::kBadSignature : AwsRefusal::kRequestTimeTooSkewed);
}

// A member of the body is of another kind than the service's model says; Boost.JSON throws either
// of two exceptions then, by its version.
Answer unexpected_form(const Request& request) {
  const bool s3 = request.call.service == "s3";
  return refused(400, s3 ? "MalformedXML" : "SerializationException",
                 "The body is not of the expected form");
}

}  // namespace

// Whoever is not known, or is out of time, gets no further.
std::optional<Answer> FakeAws::State::unwelcome(Request& request) {
  if (request.call.operation == "AssumeRoleWithWebIdentity") return std::nullopt;
  const auto key = keys.find(request.call.access_key);
  if (key == keys.end()) return general_refusal(request, AwsRefusal::kBadSignature);
  request.account = key->second.account;
  if (auto refusal = skew_refusal(request, cloud.wall())) return refusal;
  if (cloud.now() >= key->second.expires) {
    return general_refusal(request, AwsRefusal::kExpiredToken);
  }
  return std::nullopt;
}

Answer FakeAws::State::serve(Request& request) {
  if (auto refusal = unwelcome(request)) return *refusal;
  request.replica = cloud.pick_replica();
  const std::string& service = request.call.service;
  if (service == "ec2") return serve_ec2(cloud, request);
  if (service == "iam") return serve_iam(cloud, request);
  if (service == "sqs") return serve_sqs(cloud, request);
  if (service == "kms") return serve_kms(cloud, request);
  if (service == "lambda") return serve_lambda(cloud, request);
  if (service == "s3") return serve_s3(cloud, request);
  if (service == "ecr") return serve_ecr(cloud, request);
  if (service == "dynamodb") return serve_dynamodb(cloud, request);
  if (service == "sns") return serve_sns(cloud, request);
  if (service == "secretsmanager") return serve_secretsmanager(cloud, request);
  if (service == "rds") return serve_rds(cloud, request);
  if (service == "elasticache") return serve_elasticache(cloud, request);
  if (service == "resourcegroupstaggingapi") return serve_tagging(cloud, request);
  if (service == "sts") return serve_sts(request);
  return refused(404, "UnknownService", "There is no service '" + service + "' here");
}

Answer FakeAws::State::serve_sts(Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "GetCallerIdentity") return caller_identity(request);
  if (operation == "AssumeRole" || operation == "AssumeRoleWithWebIdentity") {
    return assume_role(request);
  }
  return refused(400, "InvalidAction", "Could not find operation " + operation);
}

Answer FakeAws::State::caller_identity(const Request& request) {
  const KnownKey& key = keys.at(request.call.access_key);
  XmlWriter xml;
  xml.text("Arn", key.arn).text("UserId", key.user_id).text("Account", key.account);
  return done(xml.take());
}

Answer FakeAws::State::assume_role(const Request& request) {
  const std::string arn = request.form.text("RoleArn");
  const std::string session = request.form.text("RoleSessionName");
  const bool named = arn.starts_with("arn:aws:iam::") && arn.find(":role/") != std::string::npos;
  if (!named || session.size() < 2) {
    return refused(400, "ValidationError",
                   "1 validation error detected: Value at '" +
                       std::string(named ? "roleSessionName" : "roleArn") +
                       "' failed to satisfy constraint");
  }
  const bool web = request.call.operation == "AssumeRoleWithWebIdentity";
  if (web && request.form.text("WebIdentityToken").empty()) {
    return refused(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT.");
  }
  const std::string text = request.form.text("DurationSeconds");
  const int valid = text.empty() ? 3600 : std::atoi(text.c_str());
  if (valid < 900 || valid > 43200) {
    return refused(400, "ValidationError", "The requested DurationSeconds is out of bounds");
  }
  const std::string key = issue_key(arn, session, valid);
  XmlWriter xml;
  xml.open("Credentials").text("AccessKeyId", key).text("SecretAccessKey", "secret-of-" + key);
  xml.text("SessionToken", "session-of-" + key);
  xml.text("Expiration", iso_time(cloud.wall() + seconds(valid))).close();
  xml.open("AssumedRoleUser").text("Arn", keys.at(key).arn);
  xml.text("AssumedRoleId", keys.at(key).user_id).close();
  if (web) xml.text("SubjectFromWebIdentityToken", "subject");
  return done(xml.take());
}

std::string FakeAws::State::issue_key(const std::string& role_arn, const std::string& session,
                                      int seconds_valid) {
  const std::string key = "ASIA" + capitals(cloud.ids, 16);
  const std::string account = role_arn.substr(13, role_arn.find(':', 13) - 13);
  const std::string role = role_arn.substr(role_arn.rfind('/') + 1);
  keys[key] = {.account = account,
               .arn = "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + session,
               .user_id = "AROA" + capitals(cloud.ids, 17) + ":" + session,
               .expires = cloud.now() + seconds(seconds_valid)};
  return key;
}

FakeAws::FakeAws(Timeline& timeline, Random random, AwsBehaviour behaviour)
    : state_(std::make_unique<State>(timeline, random, behaviour)) {}
FakeAws::~FakeAws() = default;

void FakeAws::add_access_key(const std::string& access_key, const std::string& account) {
  state_->keys[access_key] = {.account = account,
                              .arn = "arn:aws:iam::" + account + ":user/operator",
                              .user_id = "AIDA" + access_key};
  if (state_->first_account.empty()) state_->first_account = account;
}

void FakeAws::remove_access_key(const std::string& access_key) { state_->keys.erase(access_key); }

AwsCall FakeAws::identify(const net::HttpRequest& request) const {
  return parse_request(request).call;
}

net::HttpResponse FakeAws::handle(const net::HttpRequest& http) {
  Request request = parse_request(http);
  Answer answer;
  try {
    answer = state_->serve(request);
  } catch (const boost::system::system_error&) {
    answer = unexpected_form(request);
  } catch (const std::invalid_argument&) {
    answer = unexpected_form(request);
  }
  return to_http(request, std::move(answer), state_->next_request_id(), state_->cloud.wall());
}

net::HttpResponse FakeAws::refuse(const net::HttpRequest& http, AwsRefusal why) const {
  Request request = parse_request(http);
  const auto key = state_->keys.find(request.call.access_key);
  if (key != state_->keys.end()) request.account = key->second.account;
  return to_http(request, general_refusal(request, why), state_->next_request_id(),
                 state_->cloud.wall());
}

void FakeAws::set_behaviour(AwsBehaviour behaviour) { state_->cloud.behaviour = behaviour; }

const std::vector<FakeAws::Mutation>& FakeAws::log() const { return state_->cloud.log; }

bool FakeAws::has(const std::string& kind) {
  return std::ranges::any_of(kinds_of_things(),
                             [&](const KindOfThing& one) { return one.name == kind; });
}

std::vector<FakeAws::Resource> FakeAws::resources() const {
  std::vector<Resource> out;
  const Cloud& cloud = state_->cloud;
  for (const auto& thing : cloud.things) {
    if (thing->furniture) continue;
    Resource resource{.kind = thing->kind,
                      .account = thing->account,
                      .region = thing->region,
                      .id = thing->id,
                      .created = thing->birth.made(),
                      .live = thing->live,
                      .actor_made = thing->actor_made};
    for (const auto& tag : thing->truth("tags").as_object()) {
      resource.tags[tag.key()] = text_at(tag.value(), "");
    }
    for (const KindOfThing& kind : kinds_of_things()) {
      if (thing->kind == kind.name) resource.state = kind.state(cloud, *thing);
    }
    out.push_back(std::move(resource));
  }
  return out;
}

}  // namespace infra::sim
