#include <algorithm>
#include <cctype>

#include "aws/json_tags.h"
#include "aws/query_lists.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kCache = "ElastiCacheCluster";
constexpr const char* kSnapshot = "CacheSnapshot";
// Whether its deletion was accepted, which a reader may hear of late.
constexpr std::string_view kDeletion = "Deletion";
// What was asked for and is not done yet.
constexpr std::string_view kPending = "PendingModifiedValues";

// The two things that there are, each with names of its own.
struct Form {
  const char* type;       // in an ARN
  const char* parameter;  // that names one
  const char* not_found;
  const char* busy;
  const char* exists;
};
constexpr Form kGroup{"replicationgroup", "ReplicationGroupId", "ReplicationGroupNotFoundFault",
                      "InvalidReplicationGroupState", "ReplicationGroupAlreadyExists"};
constexpr Form kCluster{"cluster", "CacheClusterId", "CacheClusterNotFound",
                        "InvalidCacheClusterState", "CacheClusterAlreadyExists"};

bool is_group(const Thing& cache) { return text_at(cache.truth("core"), "Type") == kGroup.type; }

const Form& form_of(const Thing& cache) { return is_group(cache) ? kGroup : kCluster; }

std::string place(const Request& request, const Form& form) {
  return here(request) + "/" + form.type;
}

Answer not_there(const Form& form, const std::string& id) {
  return refused(404, form.not_found, id + " is either not present or not available.");
}

Answer busy(const Form& form, const std::string& why) { return refused(400, form.busy, why); }

Answer invalid_value(const std::string& why) { return refused(400, "InvalidParameterValue", why); }

Answer invalid_combination(const std::string& why) {
  return refused(400, "InvalidParameterCombination", why);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  if (!fit_for_tags(tags)) return invalid_value("The tags are not valid.");
  if (tags.size() <= 50) return std::nullopt;
  return refused(400, "TagQuotaPerResourceExceeded", "More than 50 tags");
}

// The settings that requests name, each with what it is: t text, n number, b true or false; some
// are done at once, the others make it modify itself for a while.
struct Setting {
  const char* name;
  char type;
  bool at_once;
};
constexpr Setting kSettings[] = {{"ReplicationGroupDescription", 't', true},
                                 {"CacheNodeType", 't', false},
                                 {"CacheParameterGroupName", 't', false},
                                 {"PreferredMaintenanceWindow", 't', true},
                                 {"NotificationTopicArn", 't', true},
                                 {"SnapshotRetentionLimit", 'n', true},
                                 {"SnapshotWindow", 't', true},
                                 {"EngineVersion", 't', false},
                                 {"AuthToken", 't', false},
                                 {"AutomaticFailoverEnabled", 'b', false},
                                 {"MultiAZEnabled", 'b', false},
                                 {"ReplicasPerNodeGroup", 'n', false},
                                 {"NumNodeGroups", 'n', false},
                                 {"NumCacheNodes", 'n', false}};

Json value_of(const Setting& setting, const std::string& text) {
  if (setting.type == 'b') return text == "true";
  if (setting.type == 'n') return std::atoi(text.c_str());
  return Json(text);
}

std::string text_of(const Json& value) {
  return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

bool is_on(const JsonObject& settings, const char* name) {
  const Json* value = settings.if_contains(name);
  return value != nullptr && *value == Json(true);
}

int number_of(const JsonObject& settings, const char* name) {
  return int(settings.at(name).as_int64());
}

JsonObject named_settings(const Fields& form) {
  JsonObject out;
  for (const Setting& setting : kSettings) {
    if (form.has(setting.name)) out[setting.name] = value_of(setting, form.text(setting.name));
  }
  JsonArray groups;
  for (const std::string& id : form.list("SecurityGroupIds.SecurityGroupId"))
    groups.emplace_back(id);
  if (!groups.empty()) out["SecurityGroupIds"] = std::move(groups);
  return out;
}

// A version of Redis 7 may be named by its minor number.
std::string whole_version(const std::string& engine, const std::string& asked) {
  if (engine != "redis") return asked.empty() ? "1.6.17" : asked;
  return asked.empty() ? "7.1.0" : asked + (std::ranges::count(asked, '.') == 1 ? ".0" : "");
}

// --- States -------------------------------------------------------------------------------------

Duration moment(const Thing& cache, const char* name) {
  return Duration{cache.truth(name).as_int64()};
}

void set_moment(Cloud& cloud, Thing& cache, const char* name, Duration when) {
  cache.parts[name].set(when.count(), Arrival(cloud.now()));
}

std::string status_of(const Cloud& cloud, const Thing& cache, const Json& deletion) {
  if (deletion == Json(true)) return cloud.now() < cache.gone_at ? "deleting" : "gone";
  if (cloud.now() < cache.ready_at) return "creating";
  if (cache.failed) return is_group(cache) ? "create-failed" : "incompatible-network";
  if (cloud.now() < cache.updated_at) return "modifying";
  return cloud.now() < moment(cache, "SnapshotUntil") ? "snapshotting" : "available";
}

std::string true_status(const Cloud& cloud, const Thing& cache) {
  return status_of(cloud, cache, cache.truth(kDeletion));
}

std::string shown_status(const Cloud& cloud, const Thing& cache, int replica) {
  return status_of(cloud, cache, cloud.details(cache, kDeletion, replica));
}

// All that is waited for is done, unless more was asked for meanwhile, which ends it all later.
void make_changes(Cloud& cloud, Thing& cache) {
  if (cloud.now() < cache.updated_at || !cache.live) return;
  cloud.set(cache, "settings",
            merged_tags(cache.truth("settings").as_object(), cache.truth(kPending).as_object()));
  cloud.set(cache, kPending, JsonObject());
}

void modify_until(Cloud& cloud, Thing& cache, Duration when) {
  cache.updated_at = when;
  cloud.timeline.at(when, [&cloud, &cache] { make_changes(cloud, cache); });
}

// --- Answers ------------------------------------------------------------------------------------

void write_endpoint(XmlWriter& xml, const char* name, const std::string& host) {
  xml.open(name).text("Address", host + ".cache.amazonaws.com").text("Port", "6379").close();
}

std::string member_of(const Thing& group, const JsonObject& settings, int shard, int node) {
  const bool sharded = number_of(settings, "NumNodeGroups") > 1;
  const auto digits = [](int number, int count) {
    const std::string text = std::to_string(number);
    return std::string(std::size_t(count) - text.size(), '0') + text;
  };
  return group.id + (sharded ? "-" + digits(shard, 4) : "") + "-" + digits(node, 3);
}

template <class Visit>
void each_member(const Thing& group, const JsonObject& settings, int shard, const Visit& visit) {
  for (int node = 1; node <= number_of(settings, "ReplicasPerNodeGroup") + 1; ++node) {
    visit(member_of(group, settings, shard, node));
  }
}

void write_shards(XmlWriter& xml, const Thing& group, const JsonObject& settings) {
  xml.open("NodeGroups");
  for (int shard = 1; shard <= number_of(settings, "NumNodeGroups"); ++shard) {
    xml.open("NodeGroup").text("NodeGroupId", "000" + std::to_string(shard));
    write_endpoint(xml, "PrimaryEndpoint", group.id);
    write_endpoint(xml, "ReaderEndpoint", group.id + "-ro");
    xml.open("NodeGroupMembers");
    each_member(group, settings, shard, [&xml](const std::string& id) {
      xml.open("NodeGroupMember").text("CacheClusterId", id);
      write_endpoint(xml, "ReadEndpoint", id);
      xml.close();
    });
    xml.close().close();
  }
  xml.close();
}

void write_group(XmlWriter& xml, const Cloud& cloud, const Thing& group, int replica) {
  const JsonObject& core = group.truth("core").as_object();
  const JsonObject& settings = cloud.details(group, "settings", replica).as_object();
  xml.open("ReplicationGroup").text("ReplicationGroupId", group.id);
  xml.text("Description", text_at(settings, "ReplicationGroupDescription"));
  xml.text("Status", shown_status(cloud, group, replica));
  xml.open("PendingModifiedValues").close().open("MemberClusters");
  for (int shard = 1; shard <= number_of(settings, "NumNodeGroups"); ++shard) {
    each_member(group, settings, shard,
                [&xml](const std::string& id) { xml.text("ClusterId", id); });
  }
  xml.close();
  if (cloud.now() >= group.ready_at && !group.failed) write_shards(xml, group, settings);
  xml.text("AutomaticFailover",
           is_on(settings, "AutomaticFailoverEnabled") ? "enabled" : "disabled");
  xml.text("MultiAZ", is_on(settings, "MultiAZEnabled") ? "enabled" : "disabled");
  xml.boolean("ClusterEnabled", number_of(settings, "NumNodeGroups") > 1);
  xml.boolean("AuthTokenEnabled", settings.contains("AuthToken"));
  for (const char* name : {"SnapshotRetentionLimit", "SnapshotWindow", "CacheNodeType"}) {
    if (settings.contains(name)) xml.text(name, text_of(settings.at(name)));
  }
  for (const char* name :
       {"ARN", "TransitEncryptionEnabled", "AtRestEncryptionEnabled", "KmsKeyId"}) {
    if (core.contains(name)) xml.text(name, text_of(core.at(name)));
  }
  xml.text("ReplicationGroupCreateTime", text_at(core, "CreateTime")).close();
}

void write_common(XmlWriter& xml, const JsonObject& settings) {
  for (const char* name : {"CacheNodeType", "EngineVersion", "PreferredMaintenanceWindow"}) {
    if (settings.contains(name)) xml.text(name, text_of(settings.at(name)));
  }
  if (settings.contains("NotificationTopicArn")) {
    xml.open("NotificationConfiguration");
    xml.text("TopicArn", text_at(settings, "NotificationTopicArn")).text("TopicStatus", "active");
    xml.close();
  }
  xml.open("CacheParameterGroup");
  xml.text("CacheParameterGroupName", text_at(settings, "CacheParameterGroupName")).close();
  xml.open("SecurityGroups");
  const Json* groups = settings.if_contains("SecurityGroupIds");
  for (const Json& id : groups != nullptr ? groups->as_array() : JsonArray()) {
    xml.open("member").text("SecurityGroupId", text_of(id)).text("Status", "active").close();
  }
  xml.close();
}

// One that stands alone.
void write_cluster(XmlWriter& xml, const Cloud& cloud, const Thing& cluster, int replica) {
  const JsonObject& core = cluster.truth("core").as_object();
  const JsonObject& settings = cloud.details(cluster, "settings", replica).as_object();
  xml.open("CacheCluster")
      .text("CacheClusterId", cluster.id)
      .text("Engine", text_at(core, "Engine"));
  xml.text("CacheClusterStatus", shown_status(cloud, cluster, replica));
  write_common(xml, settings);
  xml.text("NumCacheNodes", text_of(settings.at("NumCacheNodes")));
  xml.open("PendingModifiedValues");
  const JsonObject& pending = cloud.details(cluster, kPending, replica).as_object();
  for (const char* name : {"NumCacheNodes", "EngineVersion", "CacheNodeType"}) {
    if (pending.contains(name)) xml.text(name, text_of(pending.at(name)));
  }
  xml.close();
  if (cloud.now() >= cluster.ready_at && !cluster.failed) {
    write_endpoint(xml, "ConfigurationEndpoint", cluster.id + ".cfg");
    xml.text("CacheClusterCreateTime", text_at(core, "CreateTime"));
  }
  xml.text("ARN", text_at(core, "ARN"));
  xml.text("TransitEncryptionEnabled", text_of(core.at("TransitEncryptionEnabled"))).close();
}

// One that is part of a group.
void write_member(XmlWriter& xml, const Cloud& cloud, const Thing& group, const std::string& id,
                  int replica) {
  xml.open("CacheCluster").text("CacheClusterId", id).text("ReplicationGroupId", group.id);
  xml.text("Engine", "redis").text("CacheClusterStatus", shown_status(cloud, group, replica));
  write_common(xml, cloud.details(group, "settings", replica).as_object());
  xml.text("NumCacheNodes", "1").close();
}

using Write = void (*)(XmlWriter&, const Cloud&, const Thing&, int);

Answer shown(const Cloud& cloud, const Request& request, const Thing& cache) {
  XmlWriter xml;
  const Write write = is_group(cache) ? write_group : write_cluster;
  write(xml, cloud, cache, request.replica);
  return done(xml.take());
}

Answer describe_group(Cloud& cloud, const Request& request) {
  const std::string id = lower(request.form.text(kGroup.parameter));
  const Thing* group = cloud.seen(kCache, place(request, kGroup), id, View::kById, request.replica);
  if (group == nullptr) return not_there(kGroup, id);
  XmlWriter xml;
  xml.open("ReplicationGroups");
  write_group(xml, cloud, *group, request.replica);
  return done(xml.close().take());
}

// The group that has such a member.
const Thing* group_with(const Cloud& cloud, const Request& request, const std::string& member) {
  std::string id = member;
  for (int parts = 0; parts < 2; ++parts) {
    id = id.substr(0, id.rfind('-'));
    const Thing* group =
        cloud.seen(kCache, place(request, kGroup), id, View::kById, request.replica);
    if (group == nullptr) continue;
    const JsonObject& settings = cloud.details(*group, "settings", request.replica).as_object();
    bool found = false;
    for (int shard = 1; shard <= number_of(settings, "NumNodeGroups"); ++shard) {
      each_member(*group, settings, shard,
                  [&](const std::string& one) { found = found || one == member; });
    }
    return found ? group : nullptr;
  }
  return nullptr;
}

Answer describe_cluster(Cloud& cloud, const Request& request) {
  const std::string id = lower(request.form.text(kCluster.parameter));
  XmlWriter xml;
  xml.open("CacheClusters");
  const Thing* cluster =
      cloud.seen(kCache, place(request, kCluster), id, View::kById, request.replica);
  if (cluster != nullptr) {
    write_cluster(xml, cloud, *cluster, request.replica);
    return done(xml.close().take());
  }
  const Thing* group = group_with(cloud, request, id);
  if (group == nullptr) return not_there(kCluster, id);
  write_member(xml, cloud, *group, id, request.replica);
  return done(xml.close().take());
}

// --- Creates ------------------------------------------------------------------------------------

bool well_named(const std::string& id, std::size_t most) {
  return !id.empty() && id.size() <= most && std::isalpha(static_cast<unsigned char>(id[0])) &&
         id.back() != '-' && id.find("--") == std::string::npos;
}

std::optional<Answer> wrong_password(const Fields& form, bool in_transit) {
  if (!form.has("AuthToken")) return std::nullopt;
  if (!in_transit) {
    return invalid_combination("An AUTH token needs encryption in transit to be enabled.");
  }
  const std::string token = form.text("AuthToken");
  const bool fits = token.size() >= 16 && token.size() <= 128 &&
                    token.find_first_of("/\"@%") == std::string::npos;
  return fits ? std::nullopt : std::optional(invalid_value("The AUTH token is not valid."));
}

// One takes the place of another only where there is another, and zones need that.
std::optional<Answer> wrong_failover(const JsonObject& settings) {
  const bool failover = is_on(settings, "AutomaticFailoverEnabled");
  if (failover && number_of(settings, "ReplicasPerNodeGroup") < 1) {
    return invalid_combination(
        "When using automatic failover, there must be at least 2 cache clusters in the replication "
        "group.");
  }
  if (!failover && is_on(settings, "MultiAZEnabled")) {
    return invalid_combination("Must have automatic failover enabled to enable MultiAZ.");
  }
  if (!failover && number_of(settings, "NumNodeGroups") > 1) {
    return invalid_combination("Cluster mode needs automatic failover.");
  }
  return std::nullopt;
}

JsonObject initial_settings(const Form& form, const Fields& fields) {
  const std::string engine = fields.text("Engine");
  JsonObject out{{"PreferredMaintenanceWindow", "sun:05:00-sun:06:00"},
                 {"CacheParameterGroupName", "default." + engine}};
  if (&form == &kGroup) {
    out["ReplicasPerNodeGroup"] = 0;
    out["NumNodeGroups"] = 1;
    out["AutomaticFailoverEnabled"] = false;
    out["MultiAZEnabled"] = false;
    out["SnapshotRetentionLimit"] = 0;
    out["SnapshotWindow"] = "09:00-10:00";
  } else {
    out["NumCacheNodes"] = 1;
  }
  out = merged_tags(out, named_settings(fields));
  out["EngineVersion"] = whole_version(engine, fields.text("EngineVersion"));
  return out;
}

std::optional<Answer> wrong_create(const Form& form, const Fields& fields,
                                   const JsonObject& settings) {
  if (!well_named(fields.text(form.parameter), &form == &kGroup ? 40 : 50)) {
    return invalid_value(std::string("The parameter ") + form.parameter + " is not valid.");
  }
  if (!fields.text("CacheNodeType").starts_with("cache.")) {
    return invalid_value("Invalid cache node type");
  }
  if (fields.text("Engine") != (&form == &kGroup ? "redis" : "memcached")) {
    return invalid_value("Invalid engine");
  }
  const bool in_transit = fields.text("TransitEncryptionEnabled") == "true";
  if (auto wrong = wrong_password(fields, in_transit)) return wrong;
  return &form == &kGroup ? wrong_failover(settings) : std::nullopt;
}

Json core_of(const Cloud& cloud, const Request& request, const Form& form, const std::string& id) {
  JsonObject core{{"Type", form.type},
                  {"Engine", request.form.text("Engine")},
                  {"ARN", "arn:aws:elasticache:" + request.region + ":" + request.account + ":" +
                              form.type + ":" + id},
                  {"CreateTime", iso_time(cloud.wall())}};
  for (const char* name : {"TransitEncryptionEnabled", "AtRestEncryptionEnabled"}) {
    core[name] = request.form.text(name) == "true";
  }
  if (request.form.has("KmsKeyId")) core["KmsKeyId"] = request.form.text("KmsKeyId");
  return core;
}

Answer create(Cloud& cloud, const Request& request, const Form& form) {
  const JsonObject tags = read_tag_fields(request.form, "Tags.Tag");
  JsonObject settings = initial_settings(form, request.form);
  if (auto wrong = wrong_create(form, request.form, settings)) return *wrong;
  if (auto wrong = wrong_tags(tags)) return *wrong;
  const std::string id = lower(request.form.text(form.parameter));
  if (cloud.truth(kCache, place(request, form), id) != nullptr) {
    return refused(400, form.exists, id + " already exists.");
  }
  Thing& cache = cloud.add(request, kCache, place(request, form), id);
  cache.failed = cloud.fails();
  cache.ready_at = cloud.now() + cloud.takes(minutes(2), minutes(10));
  cloud.give(cache, "core", core_of(cloud, request, form, id));
  cloud.give(cache, "settings", std::move(settings));
  cloud.give(cache, kPending, JsonObject());
  cloud.give(cache, "SnapshotUntil", 0);
  cloud.give(cache, kDeletion, false);
  cloud.give(cache, "tags", tags);
  cloud.note(request.call, cache, Cloud::Change::kCreated);
  return shown(cloud, request, cache);
}

// --- Changes ------------------------------------------------------------------------------------

std::optional<Answer> not_available(const Cloud& cloud, const Thing& cache) {
  if (true_status(cloud, cache) == "available") return std::nullopt;
  return busy(form_of(cache), cache.id + " must be in available state to modify.");
}

std::optional<Answer> wrong_version(const JsonObject& now, const JsonObject& wanted) {
  if (text_at(wanted, "EngineVersion") >= text_at(now, "EngineVersion")) return std::nullopt;
  return invalid_combination("A version can't be downgraded to " +
                             text_at(wanted, "EngineVersion"));
}

// What is done at once is there; for the rest it is busy for a while.
Answer change(Cloud& cloud, const Request& request, Thing& cache, const JsonObject& wanted) {
  JsonObject settings = cache.truth("settings").as_object();
  JsonObject pending;
  for (const auto& entry : wanted) {
    if (settings.contains(entry.key()) && settings.at(entry.key()) == entry.value()) continue;
    const auto setting =
        std::ranges::find(kSettings, std::string_view(entry.key()), &Setting::name);
    const bool waits = setting != std::end(kSettings) && !setting->at_once;
    (waits ? pending : settings)[entry.key()] = entry.value();
  }
  cloud.set(cache, "settings", std::move(settings));
  if (!pending.empty()) {
    cloud.set(cache, kPending, std::move(pending));
    modify_until(cloud, cache, cloud.now() + cloud.takes(minutes(1), minutes(10)));
  }
  cloud.note(request.call, cache, Cloud::Change::kChanged);
  return shown(cloud, request, cache);
}

Answer modify(Cloud& cloud, const Request& request, Thing& cache) {
  if (auto wrong = not_available(cloud, cache)) return *wrong;
  const Json& core = cache.truth("core");
  const bool in_transit = core.at("TransitEncryptionEnabled") == Json(true);
  if (auto wrong = wrong_password(request.form, in_transit)) return *wrong;
  const JsonObject& settings = cache.truth("settings").as_object();
  JsonObject wanted = named_settings(request.form);
  if (wanted.contains("EngineVersion")) {
    wanted["EngineVersion"] =
        whole_version(text_at(core, "Engine"), request.form.text("EngineVersion"));
    if (auto wrong = wrong_version(settings, wanted)) return *wrong;
  }
  if (is_group(cache)) {
    if (auto wrong = wrong_failover(merged_tags(settings, wanted))) return *wrong;
  } else if (wanted.contains("NumCacheNodes") &&
             number_of(wanted, "NumCacheNodes") < number_of(settings, "NumCacheNodes")) {
    return invalid_combination("CacheNodeIdsToRemove must name the nodes that are to go.");
  }
  return change(cloud, request, cache, wanted);
}

Answer no_operation() {
  return refused(400, "NoOperationFault",
                 "The operation was not performed because no changes were required.");
}

// To what it is already is no operation, and to less needs to be told which.
Answer grow(Cloud& cloud, const Request& request, Thing& group, const char* setting,
            const char* parameter) {
  if (auto wrong = not_available(cloud, group)) return *wrong;
  const int now = number_of(group.truth("settings").as_object(), setting);
  const int wanted = std::atoi(request.form.text(parameter).c_str());
  if (wanted == now) return no_operation();
  if (wanted < now) return invalid_value(std::string(parameter) + " must be greater than it is.");
  return change(cloud, request, group, {{setting, wanted}});
}

Answer add_replicas(Cloud& cloud, const Request& request, Thing& group) {
  return grow(cloud, request, group, "ReplicasPerNodeGroup", "NewReplicaCount");
}

// AWS chooses which of them go.
Answer take_replicas(Cloud& cloud, const Request& request, Thing& group) {
  if (auto wrong = not_available(cloud, group)) return *wrong;
  const JsonObject& settings = group.truth("settings").as_object();
  const int now = number_of(settings, "ReplicasPerNodeGroup");
  const int wanted = std::atoi(request.form.text("NewReplicaCount").c_str());
  if (wanted == now) return no_operation();
  if (wanted > now) return invalid_value("NewReplicaCount must be less than it is.");
  if (wanted < 1 && is_on(settings, "AutomaticFailoverEnabled")) {
    return invalid_value("Automatic failover needs a replica.");
  }
  return change(cloud, request, group, {{"ReplicasPerNodeGroup", wanted}});
}

Answer add_shards(Cloud& cloud, const Request& request, Thing& group) {
  if (number_of(group.truth("settings").as_object(), "NumNodeGroups") == 1) {
    return invalid_combination("The replication group is not cluster mode enabled.");
  }
  return grow(cloud, request, group, "NumNodeGroups", "NodeGroupCount");
}

Answer snapshot(Cloud& cloud, const Request& request, Thing& cache) {
  if (auto wrong = not_available(cloud, cache)) return *wrong;
  if (!is_group(cache)) return refused(400, "SnapshotFeatureNotSupportedFault", "Not of Memcached");
  set_moment(cloud, cache, "SnapshotUntil", cloud.now() + cloud.takes(minutes(1), minutes(5)));
  cloud.note(request.call, cache, Cloud::Change::kChanged);
  return done();
}

// --- Tags ---------------------------------------------------------------------------------------

// Neither read nor written unless it is available. A group that makes a snapshot says that of a
// member.
std::optional<Answer> not_for_tags(const Thing& cache, const std::string& status) {
  if (status == "available") return std::nullopt;
  if (!is_group(cache) || status == "snapshotting") return not_there(kCluster, cache.id + "-001");
  return busy(kGroup, "Cluster not in available state to perform tagging operations.");
}

Answer tags_answer(const JsonObject& tags) {
  XmlWriter xml;
  write_tag_elements(xml, "TagList", "Tag", tags);
  return done(xml.take());
}

Answer list_tags(Cloud& cloud, const Request& request, const Thing& cache) {
  const std::string status = shown_status(cloud, cache, request.replica);
  if (auto wrong = not_for_tags(cache, status)) return *wrong;
  return tags_answer(cloud.tags(cache, View::kDetails, request.replica));
}

// A group is busy with them for a while.
Answer set_tags(Cloud& cloud, const Request& request, Thing& cache, JsonObject tags) {
  if (auto wrong = not_for_tags(cache, true_status(cloud, cache))) return *wrong;
  if (auto wrong = wrong_tags(tags)) return *wrong;
  Answer answer = tags_answer(tags);
  cloud.set(cache, "tags", std::move(tags));
  if (is_group(cache)) modify_until(cloud, cache, cloud.now() + seconds(10));
  cloud.note(request.call, cache, Cloud::Change::kChanged);
  return answer;
}

Answer tag(Cloud& cloud, const Request& request, Thing& cache) {
  return set_tags(cloud, request, cache, tags_with_given(cache, request.form, "Tags.Tag"));
}

Answer untag(Cloud& cloud, const Request& request, Thing& cache) {
  return set_tags(cloud, request, cache, tags_without_named(cache, request.form));
}

// --- Deletion -----------------------------------------------------------------------------------

std::optional<Answer> wrong_snapshot(const Cloud& cloud, const Request& request,
                                     const Thing& cache) {
  const std::string name = lower(request.form.text("FinalSnapshotIdentifier"));
  if (name.empty()) return std::nullopt;
  if (!is_group(cache)) return refused(400, "SnapshotFeatureNotSupportedFault", "Not of Memcached");
  if (cloud.truth(kSnapshot, here(request), name) == nullptr) return std::nullopt;
  return refused(400, "SnapshotAlreadyExistsFault", "The snapshot " + name + " already exists.");
}

Answer remove(Cloud& cloud, const Request& request, Thing& cache) {
  const std::string status = true_status(cloud, cache);
  if (status != "available" && !(cache.failed && status != "creating" && status != "deleting")) {
    return busy(form_of(cache), cache.id + " is not in a valid state to be deleted.");
  }
  if (cloud.now() < cache.occupied_until) {
    return busy(form_of(cache), cache.id + " is part of a global datastore.");
  }
  if (auto wrong = wrong_snapshot(cloud, request, cache)) return *wrong;
  const std::string name = lower(request.form.text("FinalSnapshotIdentifier"));
  if (!name.empty()) {
    Thing& last = cloud.add(request, kSnapshot, here(request), name);
    last.furniture = true;
    last.actor_made = true;
  }
  cache.live = false;
  cache.gone_at = cloud.now() + cloud.takes(minutes(1), minutes(10));
  cloud.set(cache, kDeletion, true);
  Cloud::bury(cache, cache.gone_at);
  cloud.note(request.call, cache, Cloud::Change::kRemoved);
  return shown(cloud, request, cache);
}

struct Operation {
  const char* name;
  const Form& form;
  Answer (*serve)(Cloud&, const Request&, Thing&);
};
constexpr Operation kWrites[] = {{"ModifyReplicationGroup", kGroup, modify},
                                 {"IncreaseReplicaCount", kGroup, add_replicas},
                                 {"DecreaseReplicaCount", kGroup, take_replicas},
                                 {"ModifyReplicationGroupShardConfiguration", kGroup, add_shards},
                                 {"CreateSnapshot", kGroup, snapshot},
                                 {"DeleteReplicationGroup", kGroup, remove},
                                 {"ModifyCacheCluster", kCluster, modify},
                                 {"DeleteCacheCluster", kCluster, remove}};

constexpr std::pair<const char*, Answer (*)(Cloud&, const Request&, Thing&)> kTagWrites[] = {
    {"AddTagsToResource", tag}, {"RemoveTagsFromResource", untag}};

Answer serve_tags(Cloud& cloud, const Request& request) {
  const std::string arn = request.form.text("ResourceName");
  const Form& form = arn.find(":replicationgroup:") != std::string::npos ? kGroup : kCluster;
  const std::string id = arn.substr(arn.rfind(':') + 1);
  if (request.call.operation == "ListTagsForResource") {
    const Thing* cache = cloud.seen(kCache, place(request, form), id, View::kById, request.replica);
    return cache == nullptr ? not_there(form, id) : list_tags(cloud, request, *cache);
  }
  for (const auto& [name, write] : kTagWrites) {
    if (request.call.operation != name) continue;
    Thing* cache = cloud.writable(kCache, place(request, form), id, request.replica);
    return cache == nullptr ? not_there(form, id) : write(cloud, request, *cache);
  }
  return refused(400, "InvalidAction", "Could not find operation " + request.call.operation);
}

}  // namespace

Answer serve_elasticache(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateReplicationGroup") return create(cloud, request, kGroup);
  if (operation == "CreateCacheCluster") return create(cloud, request, kCluster);
  if (operation == "DescribeReplicationGroups") return describe_group(cloud, request);
  if (operation == "DescribeCacheClusters") return describe_cluster(cloud, request);
  for (const Operation& known : kWrites) {
    if (operation != known.name) continue;
    const std::string id = lower(request.form.text(known.form.parameter));
    Thing* cache = cloud.writable(kCache, place(request, known.form), id, request.replica);
    return cache == nullptr ? not_there(known.form, id) : known.serve(cloud, request, *cache);
  }
  return serve_tags(cloud, request);
}

// With all that was accepted, whether it is done or not.
Json cache_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out =
      merged_tags(thing.truth("core").as_object(), thing.truth("settings").as_object());
  out = merged_tags(out, thing.truth(kPending).as_object());
  out["State"] = true_status(cloud, thing);
  return out;
}

}  // namespace infra::sim
