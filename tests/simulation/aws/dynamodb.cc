#include <algorithm>

#include "aws/json_tags.h"
#include "aws/paging.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kTable = "DynamoDBTable";
// Whether its deletion was accepted, which a reader may hear of late.
constexpr std::string_view kDeletion = "Deletion";

Answer invalid(const std::string& why) { return refused(400, "ValidationException", why); }

Answer no_such_table(const std::string& code, const std::string& name) {
  return refused(400, code, "Requested resource not found: Table: " + name + " not found");
}

Answer in_use(const std::string& why) { return refused(400, "ResourceInUseException", why); }

bool is_on(const Json* value) { return value != nullptr && *value == Json(true); }

// As it is, or as somebody sees it who may not yet have heard of the deletion.
std::string status_of(const Cloud& cloud, const Thing& table, const Json& deletion) {
  // Nobody sees it any more once it is gone.
  if (deletion == Json(true)) return cloud.now() < table.gone_at ? "DELETING" : "gone";
  if (cloud.now() < table.ready_at) return "CREATING";
  return cloud.now() < table.updated_at ? "UPDATING" : "ACTIVE";
}

std::string true_status(const Cloud& cloud, const Thing& table) {
  return status_of(cloud, table, table.truth(kDeletion));
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  if (!fit_for_tags(tags)) return invalid("One or more tags are not valid");
  return tags.size() > 50 ? std::optional(invalid("Too many tags")) : std::nullopt;
}

// A mode says whether units come with it.
std::optional<Answer> wrong_billing(const Json& body) {
  const std::string mode = text_at(body, "BillingMode");
  const bool units = find_path(body, "ProvisionedThroughput") != nullptr;
  if (mode == "PAY_PER_REQUEST" && units) {
    return invalid(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
        "BillingMode is PAY_PER_REQUEST");
  }
  if (mode == "PROVISIONED" && !units) {
    return invalid(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when "
        "BillingMode is PROVISIONED");
  }
  const bool known = mode.empty() || mode == "PAY_PER_REQUEST" || mode == "PROVISIONED";
  return known ? std::nullopt : std::optional(invalid("Unknown BillingMode"));
}

// Each attribute of a key has a type, and no other attribute has.
std::optional<Answer> wrong_keys(const Json& body) {
  const Json* schema = find_path(body, "KeySchema");
  const Json* attributes = find_path(body, "AttributeDefinitions");
  if (schema == nullptr || attributes == nullptr) return invalid("KeySchema is required");
  const JsonArray& keys = schema->as_array();
  if (keys.empty() || keys.size() > 2 || text_at(keys.at(0), "KeyType") != "HASH") {
    return invalid("Invalid KeySchema");
  }
  if (keys.size() == 2 && text_at(keys.at(1), "KeyType") != "RANGE") {
    return invalid("Invalid KeySchema");
  }
  const auto has_type = [&](const Json& key) {
    return std::ranges::any_of(attributes->as_array(), [&](const Json& attribute) {
      return text_at(attribute, "AttributeName") == text_at(key, "AttributeName");
    });
  };
  if (!std::ranges::all_of(keys, has_type) || attributes->as_array().size() != keys.size()) {
    return invalid(
        "Number of attributes in KeySchema does not exactly match number of attributes "
        "defined in AttributeDefinitions");
  }
  return std::nullopt;
}

// The stream that a request asks for as it is kept: its type, or null where there is none.
std::expected<Json, Answer> stream_of(const Json& body) {
  const std::string type = text_at(body, "StreamSpecification.StreamViewType");
  const bool on = is_on(find_path(body, "StreamSpecification.StreamEnabled"));
  if (on && type.empty()) return std::unexpected(invalid("StreamViewType is required"));
  if (!on && !type.empty()) return std::unexpected(invalid("StreamViewType must not be given"));
  return on ? Json(type) : Json(nullptr);
}

JsonObject description(const Cloud& cloud, const Thing& table, int replica) {
  JsonObject out = table.truth("core").as_object();
  const Json& settings = cloud.details(table, "settings", replica);
  out["TableStatus"] = status_of(cloud, table, cloud.details(table, kDeletion, replica));
  out["ItemCount"] = 0;
  out["TableSizeBytes"] = 0;
  out["ProvisionedThroughput"] = settings.at("Units");
  // Nothing is said of the mode of a table that was never paid by request.
  if (is_on(find_path(settings, "WasOnDemand"))) {
    out["BillingModeSummary"] = JsonObject{{"BillingMode", settings.at("BillingMode")}};
  }
  const Json& stream = settings.at("StreamViewType");
  if (!stream.is_null()) {
    out["StreamSpecification"] = JsonObject{{"StreamEnabled", true}, {"StreamViewType", stream}};
    out["LatestStreamArn"] = text_at(table.truth("core"), "TableArn") + "/stream/1";
  }
  return out;
}

JsonObject units_of(const Json& body) {
  const Json* units = find_path(body, "ProvisionedThroughput");
  if (units != nullptr) return units->as_object();
  return {{"ReadCapacityUnits", 0}, {"WriteCapacityUnits", 0}};
}

Answer create(Cloud& cloud, const Request& request) {
  const Json& body = request.body;
  const std::string name = text_at(body, "TableName");
  if (name.size() < 3 || name.size() > 255) return invalid("TableName is not valid");
  if (auto wrong = wrong_keys(body)) return *wrong;
  const std::string mode = text_at(body, "BillingMode");
  if (mode.empty() && find_path(body, "ProvisionedThroughput") == nullptr) {
    return invalid("No provisioned throughput specified for the table");
  }
  if (auto wrong = wrong_billing(body)) return *wrong;
  auto stream = stream_of(body);
  if (!stream) return stream.error();
  const JsonObject tags = read_tag_list(find_path(body, "Tags"));
  if (auto wrong = wrong_tags(tags)) return *wrong;
  if (cloud.truth(kTable, here(request), name) != nullptr) {
    return in_use("Table already exists: " + name);
  }
  Thing& table = cloud.add(request, kTable, here(request), name);
  cloud.give(table, "core",
             JsonObject{{"TableName", name},
                        {"TableArn", "arn:aws:dynamodb:" + request.region + ":" + request.account +
                                         ":table/" + name},
                        {"TableId", uuid(cloud.ids)},
                        {"CreationDateTime", epoch(cloud.wall())},
                        {"KeySchema", body.at("KeySchema")},
                        {"AttributeDefinitions", body.at("AttributeDefinitions")}});
  cloud.give(table, "settings",
             JsonObject{{"BillingMode", mode.empty() ? "PROVISIONED" : mode},
                        {"WasOnDemand", mode == "PAY_PER_REQUEST"},
                        {"Units", units_of(body)},
                        {"StreamViewType", std::move(*stream)}});
  cloud.give(table, "PointInTimeRecovery", false);
  cloud.give(table, kDeletion, false);
  cloud.give(table, "tags", tags);
  table.ready_at = cloud.now() + cloud.takes(seconds(8), minutes(2));
  cloud.note(request.call, table, Cloud::Change::kCreated);
  return done(boost::json::serialize(
      JsonObject{{"TableDescription", description(cloud, table, request.replica)}}));
}

Answer describe(Cloud& cloud, const Request& request, const Thing& table) {
  return done(
      boost::json::serialize(JsonObject{{"Table", description(cloud, table, request.replica)}}));
}

Answer describe_backups(Cloud& cloud, const Request& request, const Thing& table) {
  const bool on = cloud.details(table, "PointInTimeRecovery", request.replica) == Json(true);
  const JsonObject recovery{{"PointInTimeRecoveryStatus", on ? "ENABLED" : "DISABLED"}};
  return done(boost::json::serialize(JsonObject{
      {"ContinuousBackupsDescription", JsonObject{{"ContinuousBackupsStatus", "ENABLED"},
                                                  {"PointInTimeRecoveryDescription", recovery}}}}));
}

Answer list_tags(Cloud& cloud, const Request& request, const Thing& table) {
  const JsonArray tags = write_tag_list(cloud.tags(table, View::kDetails, request.replica));
  const auto page = cut_page(cloud, text_at(request.body, "NextToken"), tags.size(), 10);
  if (!page) return invalid("Invalid NextToken");
  const auto begin = tags.begin();
  JsonObject out{
      {"Tags", JsonArray(begin + std::ptrdiff_t(page->first), begin + std::ptrdiff_t(page->last))}};
  if (!page->token.empty()) out["NextToken"] = page->token;
  return done(boost::json::serialize(out));
}

// Only one that is there and on is switched off, and the other way round.
std::optional<Answer> change_stream(const Json& body, JsonObject& settings) {
  if (find_path(body, "StreamSpecification") == nullptr) return std::nullopt;
  auto stream = stream_of(body);
  if (!stream) return stream.error();
  const bool on = !settings["StreamViewType"].is_null();
  if (on && !stream->is_null()) return invalid("Table already has an enabled stream");
  if (!on && stream->is_null()) return invalid("Table does not have a stream to disable");
  settings["StreamViewType"] = std::move(*stream);
  return std::nullopt;
}

void change_billing(const Json& body, JsonObject& settings) {
  const std::string mode = text_at(body, "BillingMode");
  if (mode.empty()) return;
  settings["BillingMode"] = mode;
  settings["Units"] = units_of(body);
  if (mode == "PAY_PER_REQUEST") settings["WasOnDemand"] = true;
}

// One change at a time: the table is busy until it has been made.
Answer update(Cloud& cloud, const Request& request, Thing& table) {
  const std::string status = true_status(cloud, table);
  if (status != "ACTIVE") {
    return in_use("Attempt to change a resource which is still in use: Table is being " +
                  std::string(status == "UPDATING"   ? "updated: "
                              : status == "CREATING" ? "created: "
                                                     : "deleted: ") +
                  table.id);
  }
  const bool nothing = find_path(request.body, "StreamSpecification") == nullptr &&
                       text_at(request.body, "BillingMode").empty();
  if (nothing) return invalid("At least one change is required");
  if (auto wrong = wrong_billing(request.body)) return *wrong;
  JsonObject settings = table.truth("settings").as_object();
  if (auto wrong = change_stream(request.body, settings)) return *wrong;
  change_billing(request.body, settings);
  cloud.set(table, "settings", std::move(settings));
  table.updated_at = cloud.now() + cloud.takes(seconds(8), minutes(5));
  cloud.note(request.call, table, Cloud::Change::kChanged);
  return done(boost::json::serialize(
      JsonObject{{"TableDescription", description(cloud, table, request.replica)}}));
}

Answer update_backups(Cloud& cloud, const Request& request, Thing& table) {
  const Json* on =
      find_path(request.body, "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled");
  if (on == nullptr) return invalid("PointInTimeRecoverySpecification is required");
  if (true_status(cloud, table) == "CREATING") {
    return refused(400, "ContinuousBackupsUnavailableException",
                   "Backups are being enabled for the table: " + table.id + ". Please retry later");
  }
  cloud.set(table, "PointInTimeRecovery", is_on(on));
  cloud.note(request.call, table, Cloud::Change::kChanged);
  return describe_backups(cloud, request, table);
}

Answer set_tags(Cloud& cloud, const Request& request, Thing& table, JsonObject tags) {
  if (auto wrong = wrong_tags(tags)) return *wrong;
  cloud.set(table, "tags", std::move(tags));
  cloud.note(request.call, table, Cloud::Change::kChanged);
  return done("{}");
}

Answer tag(Cloud& cloud, const Request& request, Thing& table) {
  return set_tags(
      cloud, request, table,
      merged_tags(table.truth("tags").as_object(), read_tag_list(find_path(request.body, "Tags"))));
}

Answer untag(Cloud& cloud, const Request& request, Thing& table) {
  return set_tags(
      cloud, request, table,
      tags_without(table.truth("tags").as_object(), find_path(request.body, "TagKeys")));
}

Answer remove(Cloud& cloud, const Request& request, Thing& table) {
  const std::string status = true_status(cloud, table);
  if (status == "CREATING" || status == "UPDATING") {
    return in_use("Attempt to change a resource which is still in use: Table is in use: " +
                  table.id);
  }
  if (cloud.now() < table.occupied_until) {
    return invalid(
        "Resource cannot be deleted as it is currently protected against deletion. "
        "Disable deletion protection first.");
  }
  // Once more is no error.
  if (status != "DELETING") {
    table.live = false;
    cloud.set(table, kDeletion, true);
    table.gone_at = cloud.now() + cloud.takes(seconds(8), minutes(3));
    cloud.bury(table, table.gone_at);
    cloud.note(request.call, table, Cloud::Change::kRemoved);
  }
  return done(boost::json::serialize(
      JsonObject{{"TableDescription", description(cloud, table, request.replica)}}));
}

using Read = Answer (*)(Cloud&, const Request&, const Thing&);
constexpr std::pair<const char*, Read> kReads[] = {{"DescribeTable", describe},
                                                   {"DescribeContinuousBackups", describe_backups},
                                                   {"ListTagsOfResource", list_tags}};
using Write = Answer (*)(Cloud&, const Request&, Thing&);
constexpr std::pair<const char*, Write> kWrites[] = {{"UpdateTable", update},
                                                     {"UpdateContinuousBackups", update_backups},
                                                     {"TagResource", tag},
                                                     {"UntagResource", untag},
                                                     {"DeleteTable", remove}};

// Tags are asked for by ARN, everything else by name.
std::string name_of(const Request& request) {
  const std::string arn = text_at(request.body, "ResourceArn");
  const auto at = arn.find(":table/");
  return at == std::string::npos ? text_at(request.body, "TableName") : arn.substr(at + 7);
}

// Backups have a code of their own for it.
Answer not_there(const Request& request, const std::string& name) {
  const bool backups = request.call.operation.ends_with("ContinuousBackups");
  return no_such_table(backups ? "TableNotFoundException" : "ResourceNotFoundException", name);
}

}  // namespace

Answer serve_dynamodb(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (request.malformed) return refused(400, "SerializationException", "");
  if (operation == "CreateTable") return create(cloud, request);
  const std::string name = name_of(request);
  for (const auto& [known, read] : kReads) {
    if (operation != known) continue;
    const Thing* table = cloud.seen(kTable, here(request), name, View::kById, request.replica);
    return table == nullptr ? not_there(request, name) : read(cloud, request, *table);
  }
  for (const auto& [known, write] : kWrites) {
    if (operation != known) continue;
    Thing* table = cloud.writable(kTable, here(request), name, request.replica);
    return table == nullptr ? not_there(request, name) : write(cloud, request, *table);
  }
  return refused(400, "UnknownOperationException", "");
}

Json table_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  const Json& settings = thing.truth("settings");
  out["TableStatus"] = true_status(cloud, thing);
  out["BillingMode"] = settings.at("BillingMode");
  out["StreamEnabled"] = !settings.at("StreamViewType").is_null();
  out["StreamViewType"] = settings.at("StreamViewType");
  out["PointInTimeRecovery"] = thing.truth("PointInTimeRecovery");
  return out;
}

}  // namespace infra::sim
