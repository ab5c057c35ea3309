#include <algorithm>
#include <cctype>
#include <charconv>

#include "aws/json_tags.h"
#include "aws/query_lists.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kInstance = "RDSInstance";
constexpr const char* kSnapshot = "DBSnapshot";
// Whether its deletion was accepted, which a reader may hear of late.
constexpr std::string_view kDeletion = "Deletion";
// What was asked for and is not done yet.
constexpr std::string_view kPending = "PendingModifiedValues";
// For so long a change is only waited for, storage is looked after, and is not changed again.
constexpr Duration kStart = seconds(20);
constexpr Duration kOptimizing = minutes(2);
constexpr Duration kStorageRest = hours(6);

Answer invalid_value(const std::string& why) { return refused(400, "InvalidParameterValue", why); }

Answer invalid_combination(const std::string& why) {
  return refused(400, "InvalidParameterCombination", why);
}

Answer not_there(const std::string& id) {
  return refused(404, "DBInstanceNotFound", "DBInstance " + id + " not found.");
}

Answer not_now(const std::string& why) { return refused(400, "InvalidDBInstanceState", why); }

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  const bool fit = fit_for_tags(tags) && tags.size() <= 50;
  return fit ? std::nullopt : std::optional(invalid_value("The tags are not valid."));
}

// The settings that requests name, each with what it is: t text, n number, b true or false.
struct Setting {
  const char* name;
  char type;
  const char* parameter;  // in a change; where it is another: DBPortNumber
  bool shown_while_pending;
};
constexpr Setting kSettings[] = {{"DBInstanceClass", 't', "DBInstanceClass", true},
                                 {"AllocatedStorage", 'n', "AllocatedStorage", true},
                                 {"BackupRetentionPeriod", 'n', "BackupRetentionPeriod", true},
                                 {"PreferredBackupWindow", 't', "PreferredBackupWindow", false},
                                 {"MultiAZ", 'b', "MultiAZ", true},
                                 {"PubliclyAccessible", 'b', "PubliclyAccessible", false},
                                 {"EngineVersion", 't', "EngineVersion", true},
                                 {"Port", 'n', "DBPortNumber", true},
                                 {"MasterUserPassword", 't', "MasterUserPassword", true},
                                 {"DeletionProtection", 'b', "DeletionProtection", false}};

Json value_of(const Setting& setting, const std::string& text) {
  if (setting.type == 'b') return text == "true";
  if (setting.type == 'n') return std::atoi(text.c_str());
  return Json(text);
}

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

void write_settings(XmlWriter& xml, const JsonObject& settings, bool pending) {
  for (const Setting& setting : kSettings) {
    const Json* value = settings.if_contains(setting.name);
    if (value == nullptr || (pending && !setting.shown_while_pending)) continue;
    const bool password = std::string_view(setting.name) == "MasterUserPassword";
    if (password && pending) xml.text(setting.name, "****");
    const bool port = std::string_view(setting.name) == "Port";
    if (!password && (pending || !port)) xml.text(setting.name, text_of(*value));
  }
}

struct Engine {
  const char* name;
  int port;
  std::pair<const char*, const char*> versions[2];  // what a short one stands for
};
constexpr Engine kEngines[] = {{"postgres", 5432, {{"16", "16.4"}, {"17", "17.2"}}},
                               {"mysql", 3306, {{"8.0", "8.0.40"}, {"8.4", "8.4.3"}}}};

const Engine* engine_named(const std::string& name) {
  const auto found = std::ranges::find(kEngines, name, &Engine::name);
  return found == std::end(kEngines) ? nullptr : &*found;
}

// The version that is meant; empty: there is none.
std::string whole_version(const Engine& engine, const std::string& asked) {
  for (const auto& [major, whole] : engine.versions) {
    if (asked == major || asked == whole) return whole;
  }
  return asked.empty() ? engine.versions[0].second : "";
}

// --- States -------------------------------------------------------------------------------------

bool waits_for(const Thing& instance, const char* setting) {
  return instance.truth(kPending).as_object().contains(setting);
}

// What a change makes it say, once it has begun.
std::string state_of_change(const Thing& instance) {
  if (waits_for(instance, "EngineVersion")) return "upgrading";
  if (waits_for(instance, "Port")) return "rebooting";
  const bool password = waits_for(instance, "MasterUserPassword");
  const bool alone = instance.truth(kPending).as_object().size() == 1;
  return password && alone ? "resetting-master-credentials" : "modifying";
}

std::string status_of(const Cloud& cloud, const Thing& instance, const Json& deletion) {
  if (deletion == Json(true)) return cloud.now() < instance.gone_at ? "deleting" : "gone";
  if (cloud.now() < instance.ready_at) return "creating";
  if (instance.failed) return "incompatible-network";
  const auto backup = Duration{instance.truth("core").at("BackupUntil").as_int64()};
  if (cloud.now() < backup) return "backing-up";
  const Json& pending = instance.truth(kPending);
  const auto begins = Duration{instance.truth("ChangeBegins").as_int64()};
  if (!pending.as_object().empty() && cloud.now() >= begins) return state_of_change(instance);
  if (cloud.now() < Duration{instance.truth("FullUntil").as_int64()}) return "storage-full";
  const auto storage = Duration{instance.truth("StorageChanged").as_int64()};
  return cloud.now() < storage + kOptimizing ? "storage-optimization" : "available";
}

std::string true_status(const Cloud& cloud, const Thing& instance) {
  return status_of(cloud, instance, instance.truth(kDeletion));
}

bool takes_changes(const std::string& status) {
  return status == "available" || status == "storage-full" || status == "storage-optimization";
}

// All that is waited for is done, unless more was asked for meanwhile, which ends it all later.
void make_changes(Cloud& cloud, Thing& instance) {
  const JsonObject pending = instance.truth(kPending).as_object();
  if (pending.empty() || cloud.now() < instance.updated_at || !instance.live) return;
  cloud.set(instance, "settings", merged_tags(instance.truth("settings").as_object(), pending));
  if (pending.contains("AllocatedStorage")) {
    instance.parts["StorageChanged"].set(cloud.now().count(), Arrival(cloud.now()));
    instance.parts["FullUntil"].set(0, Arrival(cloud.now()));
  }
  cloud.set(instance, kPending, JsonObject());
}

// --- Answers ------------------------------------------------------------------------------------

void write_instance(XmlWriter& xml, Cloud& cloud, const Thing& instance, int replica) {
  const JsonObject& core = instance.truth("core").as_object();
  const JsonObject& settings = cloud.details(instance, "settings", replica).as_object();
  xml.open("DBInstance");
  for (const char* name : {"DBInstanceIdentifier", "Engine", "MasterUsername", "DBName",
                           "DBInstanceArn", "DbiResourceId", "StorageEncrypted"}) {
    const Json* value = core.if_contains(name);
    if (value != nullptr) xml.text(name, text_of(*value));
  }
  const Json& deletion = cloud.details(instance, kDeletion, replica);
  xml.text("DBInstanceStatus", status_of(cloud, instance, deletion));
  write_settings(xml, settings, false);
  if (cloud.now() >= instance.ready_at && !instance.failed) {
    xml.text("InstanceCreateTime", text_at(core, "InstanceCreateTime"));
    xml.open("Endpoint").text("Address", text_at(core, "Address"));
    xml.text("Port", text_of(settings.at("Port"))).close();
  }
  xml.open("PendingModifiedValues");
  write_settings(xml, cloud.details(instance, kPending, replica).as_object(), true);
  xml.close();
  write_tag_elements(xml, "TagList", "Tag", cloud.tags(instance, View::kDetails, replica));
  xml.close();
}

Answer shown(Cloud& cloud, const Request& request, const Thing& instance) {
  XmlWriter xml;
  write_instance(xml, cloud, instance, request.replica);
  return done(xml.take());
}

Answer describe(Cloud& cloud, const Request& request) {
  const std::string id = lower(request.form.text("DBInstanceIdentifier"));
  const Thing* instance = cloud.seen(kInstance, here(request), id, View::kById, request.replica);
  if (instance == nullptr) return not_there(id);
  XmlWriter xml;
  xml.open("DBInstances");
  write_instance(xml, cloud, *instance, request.replica);
  return done(xml.close().take());
}

// --- Creates ------------------------------------------------------------------------------------

std::optional<Answer> wrong_password(const std::string& password) {
  const bool fits = password.size() >= 8 && password.size() <= 128 &&
                    password.find_first_of("/\"@ ") == std::string::npos;
  if (fits) return std::nullopt;
  return invalid_value(
      "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters "
      "besides '/', '@', '\"', ' ' may be used.");
}

bool is_number_within(const std::string& text, int low, int high) {
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && number >= low && number <= high;
}

// What holds for a create and a change.
std::optional<Answer> wrong_settings(const Fields& form) {
  const std::string retention = form.text("BackupRetentionPeriod");
  if (!retention.empty() && !is_number_within(retention, 0, 35)) {
    return invalid_value("Invalid backup retention period: " + retention + ".");
  }
  for (const char* name : {"Port", "DBPortNumber"}) {
    const std::string port = form.text(name);
    if (!port.empty() && !is_number_within(port, 1150, 65535)) {
      return invalid_value("Invalid port: " + port);
    }
  }
  const std::string kind = form.text("DBInstanceClass");
  if (!kind.empty() && !kind.starts_with("db.")) {
    return invalid_value("Invalid DB Instance class: " + kind);
  }
  return form.has("MasterUserPassword") ? wrong_password(form.text("MasterUserPassword"))
                                        : std::nullopt;
}

bool well_named(const std::string& id) {
  return !id.empty() && id.size() <= 63 && std::isalpha(static_cast<unsigned char>(id[0])) &&
         id.back() != '-' && id.find("--") == std::string::npos;
}

std::optional<Answer> wrong_instance(const Fields& form) {
  if (!well_named(form.text("DBInstanceIdentifier"))) {
    return invalid_value("The parameter DBInstanceIdentifier is not a valid identifier.");
  }
  for (const char* name :
       {"DBInstanceClass", "Engine", "MasterUsername", "MasterUserPassword", "AllocatedStorage"}) {
    if (form.text(name).empty()) {
      return invalid_value(std::string("The parameter ") + name +
                           " must be provided and must not be blank.");
    }
  }
  const Engine* engine = engine_named(form.text("Engine"));
  if (engine == nullptr) return invalid_value("Invalid DB engine");
  if (whole_version(*engine, form.text("EngineVersion")).empty()) {
    return invalid_combination("Cannot find version " + form.text("EngineVersion") + " for " +
                               engine->name);
  }
  if (!is_number_within(form.text("AllocatedStorage"), 20, 65536)) {
    return invalid_value("Invalid storage size for engine name " + std::string(engine->name) +
                         " and storage type gp2: " + form.text("AllocatedStorage"));
  }
  return wrong_settings(form);
}

Json core_of(Cloud& cloud, const Request& request, const std::string& id, Duration backup) {
  const Fields& form = request.form;
  JsonObject core{
      {"DBInstanceIdentifier", id},
      {"Engine", form.text("Engine")},
      {"MasterUsername", form.text("MasterUsername")},
      {"DBInstanceArn", "arn:aws:rds:" + request.region + ":" + request.account + ":db:" + id},
      {"DbiResourceId", "db-" + capitals(cloud.ids, 26)},
      {"StorageEncrypted", form.text("StorageEncrypted") == "true"},
      {"InstanceCreateTime", iso_time(cloud.wall())},
      {"Address", id + ".c0000000." + request.region + ".rds.amazonaws.com"},
      {"BackupUntil", backup.count()}};
  if (!form.text("DBName").empty()) core["DBName"] = form.text("DBName");
  return core;
}

JsonObject settings_of(const Fields& form) {
  const Engine& engine = *engine_named(form.text("Engine"));
  JsonObject out{{"BackupRetentionPeriod", 1}, {"PreferredBackupWindow", "06:00-06:30"},
                 {"MultiAZ", false},           {"PubliclyAccessible", false},
                 {"Port", engine.port},        {"DeletionProtection", false}};
  for (const Setting& setting : kSettings) {
    if (form.has(setting.name)) out[setting.name] = value_of(setting, form.text(setting.name));
  }
  out["EngineVersion"] = whole_version(engine, form.text("EngineVersion"));
  return out;
}

Answer create(Cloud& cloud, const Request& request) {
  const JsonObject tags = read_tag_fields(request.form, "Tags.Tag");
  if (auto wrong = wrong_instance(request.form)) return *wrong;
  if (auto wrong = wrong_tags(tags)) return *wrong;
  const std::string id = lower(request.form.text("DBInstanceIdentifier"));
  if (cloud.truth(kInstance, here(request), id) != nullptr) {
    return refused(400, "DBInstanceAlreadyExists", "DB Instance already exists");
  }
  Thing& instance = cloud.add(request, kInstance, here(request), id);
  instance.failed = cloud.fails();
  instance.ready_at = cloud.now() + cloud.takes(minutes(2), minutes(10));
  JsonObject settings = settings_of(request.form);
  const bool backed_up = settings.at("BackupRetentionPeriod") != Json(0);
  cloud.give(
      instance, "core",
      core_of(cloud, request, id, instance.ready_at + (backed_up ? minutes(1) : minutes(0))));
  cloud.give(instance, "settings", std::move(settings));
  cloud.give(instance, kPending, JsonObject());
  for (const char* moment : {"ChangeBegins", "FullUntil"}) cloud.give(instance, moment, 0);
  cloud.give(instance, "StorageChanged", Duration(-kStorageRest).count());
  cloud.give(instance, kDeletion, false);
  cloud.give(instance, "tags", tags);
  cloud.note(request.call, instance, Cloud::Change::kCreated);
  return shown(cloud, request, instance);
}

// --- Changes ------------------------------------------------------------------------------------

std::optional<Answer> wrong_storage(const Cloud& cloud, const Thing& instance, int now, int asked) {
  if (asked == now) return std::nullopt;
  if (asked < now) {
    return invalid_combination("Invalid storage size: storage can't be reduced to " +
                               std::to_string(asked));
  }
  const auto changed = Duration{instance.truth("StorageChanged").as_int64()};
  if (cloud.now() >= changed + kStorageRest && !waits_for(instance, "AllocatedStorage")) {
    return std::nullopt;
  }
  return invalid_combination(
      "You can't currently modify the storage of this DB instance because the previous storage "
      "change is being optimized.");
}

// Storage grows by a tenth at least.
int whole_storage(int now, int asked) { return std::max(asked, now + (now + 9) / 10); }

// What differs from what there is, or will be. Versions never go back.
std::expected<JsonObject, Answer> changes_in(const Cloud& cloud, const Thing& instance,
                                             const Fields& form) {
  const JsonObject settings =
      merged_tags(instance.truth("settings").as_object(), instance.truth(kPending).as_object());
  JsonObject out;
  for (const Setting& setting : kSettings) {
    if (!form.has(setting.parameter)) continue;
    Json wanted = value_of(setting, form.text(setting.parameter));
    const Json& now = settings.at(setting.name);
    const std::string_view name = setting.name;
    if (name == "AllocatedStorage") {
      const int size = int(now.as_int64()), asked = int(wanted.as_int64());
      if (auto wrong = wrong_storage(cloud, instance, size, asked)) return std::unexpected(*wrong);
      if (asked > size) wanted = whole_storage(size, asked);
    }
    if (name == "EngineVersion") {
      const Engine& engine = *engine_named(text_at(instance.truth("core"), "Engine"));
      wanted = whole_version(engine, form.text("EngineVersion"));
      if (text_of(wanted) < text_of(now)) {
        return std::unexpected(invalid_combination("Cannot upgrade " + std::string(engine.name) +
                                                   " from " + text_of(now) + " to " +
                                                   form.text("EngineVersion")));
      }
    }
    if (wanted != now) out[setting.name] = std::move(wanted);
  }
  return out;
}

Answer modify(Cloud& cloud, const Request& request, Thing& instance) {
  const std::string status = true_status(cloud, instance);
  if (!takes_changes(status)) {
    return not_now("Database instance is not in available state.");
  }
  if (auto wrong = wrong_settings(request.form)) return *wrong;
  auto changes = changes_in(cloud, instance, request.form);
  if (!changes) return changes.error();
  // Protection is there at once, and takes no work.
  if (const Json* protection = changes->if_contains("DeletionProtection")) {
    JsonObject settings = instance.truth("settings").as_object();
    settings["DeletionProtection"] = *protection;
    cloud.set(instance, "settings", std::move(settings));
    changes->erase("DeletionProtection");
  }
  if (!changes->empty()) {
    cloud.set(instance, kPending, merged_tags(instance.truth(kPending).as_object(), *changes));
    const Duration work = cloud.takes(minutes(1), minutes(10));
    instance.parts["ChangeBegins"].set((cloud.now() + kStart).count(), Arrival(cloud.now()));
    instance.updated_at = std::max(instance.updated_at, cloud.now() + kStart + work);
    cloud.timeline.at(instance.updated_at, [&cloud, &instance] { make_changes(cloud, instance); });
  }
  cloud.note(request.call, instance, Cloud::Change::kChanged);
  return shown(cloud, request, instance);
}

Answer set_tags(Cloud& cloud, const Request& request, Thing& instance, JsonObject tags) {
  if (auto wrong = wrong_tags(tags)) return *wrong;
  cloud.set(instance, "tags", std::move(tags));
  cloud.note(request.call, instance, Cloud::Change::kChanged);
  return done_silently();
}

Answer tag(Cloud& cloud, const Request& request, Thing& instance) {
  return set_tags(cloud, request, instance, tags_with_given(instance, request.form, "Tags.Tag"));
}

Answer untag(Cloud& cloud, const Request& request, Thing& instance) {
  return set_tags(cloud, request, instance, tags_without_named(instance, request.form));
}

// --- Deletion -----------------------------------------------------------------------------------

void take_snapshot(Cloud& cloud, const Request& request, const std::string& name) {
  Thing& snapshot = cloud.add(request, kSnapshot, here(request), name);
  snapshot.furniture = true;
  snapshot.actor_made = true;
}

std::optional<Answer> wrong_snapshot(const Cloud& cloud, const Request& request,
                                     const Thing& instance) {
  const bool skipped = request.form.text("SkipFinalSnapshot") == "true";
  const std::string name = lower(request.form.text("FinalDBSnapshotIdentifier"));
  if (skipped && !name.empty()) {
    return invalid_combination(
        "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.");
  }
  if (skipped) return std::nullopt;
  if (name.empty()) {
    return invalid_combination(
        "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
  }
  if (!takes_changes(true_status(cloud, instance))) {
    return not_now("Cannot create a snapshot because the database instance " + instance.id +
                   " is not currently in the available state.");
  }
  if (cloud.truth(kSnapshot, here(request), name) == nullptr) return std::nullopt;
  return refused(400, "DBSnapshotAlreadyExists",
                 "Cannot create the snapshot because a snapshot with the identifier " + name +
                     " already exists.");
}

Answer remove(Cloud& cloud, const Request& request, Thing& instance) {
  const std::string status = true_status(cloud, instance);
  if (status == "deleting") {
    return not_now("Instance " + instance.id + " is already being deleted.");
  }
  if (status == "creating") {
    return not_now("Instance " + instance.id + " is currently creating and can't be deleted.");
  }
  const bool is_protected = instance.truth("settings").at("DeletionProtection") == Json(true);
  if (is_protected || cloud.now() < instance.occupied_until) {
    return invalid_combination(
        "Cannot delete protected DB Instance, please disable deletion protection and try again.");
  }
  if (auto wrong = wrong_snapshot(cloud, request, instance)) return *wrong;
  const std::string snapshot = lower(request.form.text("FinalDBSnapshotIdentifier"));
  if (!snapshot.empty()) take_snapshot(cloud, request, snapshot);
  instance.live = false;
  instance.gone_at = cloud.now() + cloud.takes(minutes(snapshot.empty() ? 1 : 3), minutes(10));
  cloud.set(instance, kDeletion, true);
  Cloud::bury(instance, instance.gone_at);
  cloud.note(request.call, instance, Cloud::Change::kRemoved);
  return shown(cloud, request, instance);
}

// Somebody's data fills it for a while.
Answer fill(Cloud& cloud, const Request& request, Thing& instance) {
  instance.parts["FullUntil"].set((cloud.now() + minutes(3)).count(), Arrival(cloud.now()));
  cloud.note(request.call, instance, Cloud::Change::kChanged);
  return done();
}

using Write = Answer (*)(Cloud&, const Request&, Thing&);
constexpr std::pair<const char*, Write> kWrites[] = {{"ModifyDBInstance", modify},
                                                     {"AddTagsToResource", tag},
                                                     {"RemoveTagsFromResource", untag},
                                                     {"DeleteDBInstance", remove},
                                                     {"(fill)", fill}};

// Tags are asked for by ARN, everything else by name.
std::string id_of(const Request& request) {
  const std::string arn = request.form.text("ResourceName");
  const auto at = arn.find(":db:");
  return at == std::string::npos ? lower(request.form.text("DBInstanceIdentifier"))
                                 : arn.substr(at + 4);
}

}  // namespace

Answer serve_rds(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateDBInstance") return create(cloud, request);
  if (operation == "DescribeDBInstances") return describe(cloud, request);
  for (const auto& [known, write] : kWrites) {
    if (operation != known) continue;
    const std::string id = id_of(request);
    Thing* instance = cloud.writable(kInstance, here(request), id, request.replica);
    return instance == nullptr ? not_there(id) : write(cloud, request, *instance);
  }
  return refused(400, "InvalidAction", "Could not find operation " + operation);
}

// With all that was accepted, whether it is done or not.
Json database_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out =
      merged_tags(thing.truth("core").as_object(), thing.truth("settings").as_object());
  out = merged_tags(out, thing.truth(kPending).as_object());
  out["State"] = true_status(cloud, thing);
  const auto changed = Duration{thing.truth("StorageChanged").as_int64()};
  out["StorageRests"] = cloud.now() < changed + kStorageRest;
  return out;
}

}  // namespace infra::sim
