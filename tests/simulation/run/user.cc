#include "run/user.h"

#include <fmt/format.h>

#include <array>

#include "base/base64.h"
#include "run/conditions.h"
#include "run/expected.h"
#include "run/samples.h"

namespace infra::sim {
namespace {

constexpr const char* kGroup = "aws-infra-operator.runner.codes";
constexpr const char* kSecret = "aws-credentials";
// How long, and how often, those look who wait for a create.
constexpr Duration kPatience{30'000};
constexpr Duration kGlance{5};
// How often somebody looks whether an object says that its data is lost.
constexpr Duration kRound{60'000};
constexpr Duration kSecond{1'000};
constexpr const char* kTheirFinalizer = "somebody.example/holds";

Json manifest(const std::string& api, const std::string& kind, const std::string& ns,
              const std::string& name) {
  JsonObject metadata{{"name", name}};
  if (!ns.empty()) metadata["namespace"] = ns;
  return JsonObject{{"apiVersion", api}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

JsonObject secret_data(const std::string& access_key) {
  return {{"AWS_ACCESS_KEY_ID", base64_encode(access_key)},
          {"AWS_SECRET_ACCESS_KEY", base64_encode("canary-secret-access-key")}};
}

}  // namespace

User::User(World& world, const Scenario& scenario)
    : world_(world), scenario_(scenario), random_(scenario.seed, "user") {}

void User::make_namespace(const std::string& name) {
  (void)world_.kube.create(manifest("v1", "Namespace", "", name), "user");
}

void User::make_provider(const std::string& ns, const std::string& access_key) {
  Json secret = manifest("v1", "Secret", ns, kSecret);
  secret.get_object()["data"] = secret_data(access_key);
  (void)world_.kube.create(secret, "user");
  Json provider = manifest(std::string(kGroup) + "/v1alpha1", "AWSProvider", ns, "aws");
  set_path(provider, "spec.region", Json("us-east-1"));
  set_path(provider, "spec.credentialsSecret.name", Json(kSecret));
  if (scenario_.assume_role) {
    set_path(provider, "spec.assumeRoleARN",
             Json("arn:aws:iam::" + std::string(kAccount) + ":role/operator"));
  }
  (void)world_.kube.create(provider, "user");
}

void User::squat() {
  world_.aws.furnish();
  (void)world_.aws.squat("IAMRole", "runner", false);
  (void)world_.aws.squat("SQSQueue", "dead", false);
  for (const std::string& one : scenario_.squatted) {
    const auto slash = one.find('/');
    const std::string kind = one.substr(0, slash);
    const bool other_account = kind == "S3Bucket" && random_.chance(0.5);
    (void)world_.aws.squat(kind, one.substr(slash + 1), other_account);
  }
}

void User::begin() {
  world_.aws.add_access_key(access_key_, kAccount);
  for (const char* name : {"team", "operator"}) make_namespace(name);
  make_namespace(std::string(kUnservedNamespace));
  if (scenario_.provider_at == Duration{0}) {
    make_provider("team", access_key_);
  } else {
    world_.timeline.at(scenario_.provider_at, [this] { make_provider("team", access_key_); });
  }
  if (scenario_.broken_provider) {
    make_namespace(std::string(kBrokenNamespace));
    make_provider(std::string(kBrokenNamespace), "AKIANOBODY");
  }
  squat();
  for (int pod = 0; pod < world_.pod_count(); ++pod) {
    world_.timeline.at(Duration{random_.between(0, 3'000)}, [this, pod] { world_.start_pod(pod); });
  }
  for (const ObjectPlan& plan : scenario_.objects) {
    world_.timeline.at(plan.at, [this, &plan] { make_object(plan); });
  }
  for (const Operation& operation : scenario_.operations) {
    world_.timeline.at(operation.at, [this, &operation] { perform(operation); });
  }
  world_.timeline.after(kRound, [this] { answer_losses(); });
}

// Nobody has a backup here: an empty one will do.
void User::answer_losses() {
  const Json leave = parse_json(R"({"metadata":{"annotations":{
      "aws-infra-operator.runner.codes/recreate":"true"}}})")
                         .value();
  std::vector<std::array<std::string, 3>> lost;
  for (const std::string& kind : sampled_kinds()) {
    if (!holds_data(kind)) continue;
    for (const Json* object : world_.kube.all(kind)) {
      if (reason_of(*object) != "DataLost") continue;
      lost.push_back(
          {kind, text_at(*object, "metadata.namespace"), text_at(*object, "metadata.name")});
    }
  }
  for (const auto& [kind, ns, name] : lost) {
    (void)world_.kube.patch(kind, ns, name, leave, "user", "");
  }
  world_.timeline.after(kRound, [this] { answer_losses(); });
}

void User::make_object(const ObjectPlan& plan) {
  if (world_.kube.find(plan.kind, plan.ns, plan.name) != nullptr) return;
  give_value(plan);
  Json object = manifest(std::string(kGroup) + "/v1alpha1", plan.kind, plan.ns, plan.name);
  object.get_object()["spec"] = plan.spec;
  (void)world_.kube.create(object, "user");
}

void User::patch(const ObjectPlan& plan, const Json& body, const std::string& who,
                 const std::string& subresource) {
  (void)world_.kube.patch(plan.kind, plan.ns, plan.name, body, who, subresource);
}

void User::perform(const Operation& operation) {
  world_.trace.note(fmt::format("{} {}", operation.what,
                                operation.object >= 0 ? operation.object : operation.pod));
  if (operation.text == kAtCreate) {
    await_create(operation, world_.timeline.now() + kPatience);
  } else if (operation.object >= 0) {
    perform_on_object(operation);
  } else {
    perform_on_pod(operation);
  }
}

void User::await_create(const Operation& operation, Duration until) {
  if (std::size_t(operation.object) >= scenario_.objects.size()) return;
  const ObjectPlan& plan = scenario_.objects[std::size_t(operation.object)];
  const Json* object = world_.kube.find(plan.kind, plan.ns, plan.name);
  if (object != nullptr && find_path(*object, "status.creation.token") != nullptr) {
    perform_on_object(operation);
  } else if (world_.timeline.now() < until) {
    world_.timeline.after(kGlance, [this, &operation, until] { await_create(operation, until); });
  }
}

void User::perform_on_object(const Operation& operation) {
  if (std::size_t(operation.object) >= scenario_.objects.size()) return;
  const ObjectPlan& plan = scenario_.objects[std::size_t(operation.object)];
  if (operation.what == "patch") {
    change_spec(operation, plan);
  } else if (operation.what == "delete") {
    (void)world_.kube.remove(plan.kind, plan.ns, plan.name, "user");
  } else if (operation.what == "recreate") {
    make_object(plan);
  } else if (operation.what == "annotate") {
    JsonObject annotations;
    for (const auto& member : operation.value.get_object()) {
      annotations[std::string(kGroup) + "/" + std::string(member.key())] = member.value();
    }
    Json body = JsonObject{};
    set_path(body, "metadata.annotations", Json(std::move(annotations)));
    patch(plan, body, "user");
  } else if (operation.what == "rival") {
    for (int i = 0; i < 5; ++i) {
      Json body = JsonObject{};
      set_path(body, "metadata.labels.rival", Json(std::to_string(random_.next() % 1000)));
      world_.timeline.after(Duration{i * 40}, [this, &plan, body] { patch(plan, body, "rival"); });
    }
  } else if (operation.what == "wipe-status" && may_wipe(plan)) {
    patch(plan, JsonObject{{"status", nullptr}}, "user", "status");
    wiped_.insert(plan.name);
  } else if (operation.what == "hold") {
    hold(plan, true);
    world_.timeline.after(operation.length, [this, &plan] { hold(plan, false); });
  } else if (operation.what == "strip") {
    patch(plan, parse_json(R"({"metadata":{"finalizers":null}})").value(), "user");
    (void)world_.kube.remove(plan.kind, plan.ns, plan.name, "user");
    world_.timeline.after(operation.length, [this, &plan] { make_object(plan); });
  } else if (operation.what.ends_with("-value") || operation.what == "lose-secret") {
    change_value(operation, plan);
  } else if (operation.what == "squat") {
    const std::string name = chosen_name(plan.kind, plan.spec);
    // SQS gives whoever makes a queue the one there is, and S3 (us-east-1) the account its bucket:
    // nothing tells them from our own.
    if (plan.kind == "SQSQueue" || plan.kind == "S3Bucket") return;
    world_.trace.note(world_.aws.squat(plan.kind, name, false));
  }
}

// What leaves a spec before the operator has seen that its notes are gone is nobody's: the change
// waits for that look, and is left out if there is none while the chaos lasts.
void User::change_spec(const Operation& operation, const ObjectPlan& plan) {
  if (!is_forgotten(plan)) {
    patch(plan, JsonObject{{"spec", operation.value}}, "user");
  } else if (world_.timeline.now() < scenario_.chaos) {
    world_.timeline.after(kSecond, [this, &operation, &plan] { change_spec(operation, plan); });
  }
}

bool User::is_forgotten(const ObjectPlan& plan) const {
  const Json* object = world_.kube.find(plan.kind, plan.ns, plan.name);
  return object != nullptr && wiped_.contains(plan.name) &&
         find_path(*object, "status.settledSpec") == nullptr;
}

void User::change_value(const Operation& operation, const ObjectPlan& plan) {
  const std::string name = values_of(plan.spec);
  if (operation.what == "new-value") {
    ++values_[plan.name];
    give_value(plan);
    return;
  }
  if (operation.what == "lose-secret") {
    (void)world_.kube.remove("Secret", plan.ns, name, "user");
  } else {
    const Json lost = JsonObject{{"data", JsonObject{{kValueKey, nullptr}}}};
    (void)world_.kube.patch("Secret", plan.ns, name, lost, "user");
  }
  world_.timeline.after(operation.length, [this, &plan] { give_value(plan); });
}

// What a spec takes from a Secret is there. It tells whose it is, and has to be seen nowhere else.
void User::give_value(const ObjectPlan& plan) {
  const std::string name = values_of(plan.spec);
  if (name.empty()) return;
  const std::string value =
      fmt::format("canary-of-{}-{}", chosen_name(plan.kind, plan.spec), values_[plan.name]);
  const JsonObject data{{kValueKey, base64_encode(value)}};
  if (world_.kube.find("Secret", plan.ns, name) != nullptr) {
    (void)world_.kube.patch("Secret", plan.ns, name, JsonObject{{"data", data}}, "user");
    return;
  }
  Json secret = manifest("v1", "Secret", plan.ns, name);
  secret.get_object()["data"] = data;
  (void)world_.kube.create(secret, "user");
}

// Another controller's finalizer, set or taken back.
void User::hold(const ObjectPlan& plan, bool on) {
  const Json* object = world_.kube.find(plan.kind, plan.ns, plan.name);
  if (object == nullptr) return;
  // Nobody can hold what is on its way out.
  if (on && find_path(*object, "metadata.deletionTimestamp") != nullptr) return;
  JsonArray finalizers;
  const Json* now = find_path(*object, "metadata.finalizers");
  if (now != nullptr && now->is_array()) {
    for (const Json& one : now->get_array()) {
      if (one != Json(kTheirFinalizer)) finalizers.push_back(one);
    }
  }
  if (on) finalizers.emplace_back(kTheirFinalizer);
  Json body = JsonObject{};
  set_path(body, "metadata.finalizers", Json(std::move(finalizers)));
  patch(plan, body, "rival");
}

// The operator relies on it that nobody else takes its intent away while a create is under way and
// AWS may hide what it made; the id is on the object twice.
bool User::may_wipe(const ObjectPlan& plan) const {
  const Json* object = world_.kube.find(plan.kind, plan.ns, plan.name);
  if (object == nullptr) return false;
  const std::string started = text_at(*object, "status.creation.startedAt");
  const bool settled = find_path(*object, "status.creation.token") == nullptr;
  return settled && !started.empty() &&
         world_.timeline.wall() - parse_rfc3339(started) > std::chrono::minutes(30);
}

void User::perform_on_pod(const Operation& operation) {
  const int pod = operation.pod < world_.pod_count() ? operation.pod : 0;
  const Duration until = world_.timeline.now() + operation.length;
  Weather& weather = world_.network.weather(pod);
  if (operation.what == "kube-gone") weather.kube_gone = std::max(weather.kube_gone, until);
  if (operation.what == "aws-gone") weather.aws_gone = std::max(weather.aws_gone, until);
  if (operation.what == "denied") weather.denied[operation.text] = until;
  if (operation.what == "throttled") weather.throttled[operation.text] = until;
  if (operation.what == "crash") world_.crash_pod(pod);
  if (operation.what == "restart") world_.stop_pod(pod, true);
  if (operation.what == "pause") world_.pause_pod(pod, operation.length);
  if (operation.what == "compact") world_.kube.compact();
  if (operation.what == "cut-watches") world_.kube.end_watches();
  if (operation.what == "rotate") rotate_keys(operation.length);
  if (operation.what == "occupy") {
    world_.trace.note("somebody: " + world_.aws.occupy(random_, operation.length));
  }
  if (operation.what == "break-secret") break_secret(operation.length);
  if (operation.what == "set-clock" && world_.process(pod) != nullptr) {
    world_.process(pod)->clock().set_offset(operation.length);
  }
  if (operation.what == "tamper") {
    world_.trace.note("somebody: " + world_.aws.tamper(random_, operation.text == "delete"));
  }
}

void User::rotate_keys(Duration overlap) {
  const std::string old = access_key_;
  access_key_ = fmt::format("AKIAOURS{}", ++keys_);
  world_.aws.add_access_key(access_key_, kAccount);
  const Json body = JsonObject{{"data", secret_data(access_key_)}};
  (void)world_.kube.patch("Secret", "team", kSecret, body, "user");
  world_.timeline.after(overlap, [this, old] { world_.aws.remove_access_key(old); });
}

void User::break_secret(Duration length) {
  const char* lost = random_.chance(0.5) ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
  Json body = JsonObject{};
  body.get_object()["data"] = JsonObject{{lost, nullptr}};
  (void)world_.kube.patch("Secret", "team", kSecret, body, "user");
  world_.timeline.after(length, [this] { mend_secret(); });
}

void User::mend_secret() {
  const Json whole = JsonObject{{"data", secret_data(access_key_)}};
  (void)world_.kube.patch("Secret", "team", kSecret, whole, "user");
}

void User::calm_down() {
  world_.trace.note("calm");
  world_.calm();
  world_.aws.set_behaviour({});
  world_.aws.make_way();
  world_.kube.set_behaviour({});
  const Json resume = parse_json(R"({"metadata":{"annotations":{
      "aws-infra-operator.runner.codes/paused":null,
      "aws-infra-operator.runner.codes/policy":null}}})")
                          .value();
  for (const ObjectPlan& plan : scenario_.objects) {
    give_value(plan);
    patch(plan, resume, "user");
  }
  mend_secret();
}

void User::touch_everything() {
  for (const char* text : {"once", "twice"}) {
    const Duration when{text[0] == 'o' ? 0 : 700};
    world_.timeline.after(when, [this, text] {
      Json body = JsonObject{};
      set_path(body, "spec.tags.Touched", Json(text));
      for (const ObjectPlan& plan : scenario_.objects) patch(plan, body, "user");
    });
  }
}

void User::mend_broken_provider() {
  if (!scenario_.broken_provider) return;
  world_.aws.add_access_key("AKIANOBODY", kAccount);
}

void User::delete_everything() {
  world_.trace.note("everything is deleted");
  for (const ObjectPlan& plan : scenario_.objects) {
    (void)world_.kube.remove(plan.kind, plan.ns, plan.name, "user");
  }
  for (const std::string_view ns : {std::string_view("team"), kBrokenNamespace}) {
    (void)world_.kube.remove("AWSProvider", std::string(ns), "aws", "user");
  }
}

}  // namespace infra::sim
