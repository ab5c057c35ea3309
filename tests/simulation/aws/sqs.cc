#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "aws/services.h"

namespace infra::sim {
namespace {

using std::chrono::seconds;

constexpr const char* kQueue = "SQSQueue";
constexpr seconds kNameWait{60};

// AWS keeps the codes of its old query protocol beside those of the JSON protocol.
Answer problem(std::string code, std::string query_code, std::string message) {
  Answer answer = refused(400, std::move(code), std::move(message));
  answer.query_code = std::move(query_code);
  return answer;
}

Answer no_such_queue() {
  return problem("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
                 "The specified queue does not exist.");
}

Answer missing(const std::string& name) {
  return problem("com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter",
                 "The request must contain the parameter " + name + ".");
}

Answer unknown_attribute(const std::string& name) {
  return problem("InvalidAttributeName", "InvalidAttributeName", "Unknown Attribute " + name + ".");
}

Answer bad_value(const std::string& name) {
  return problem("InvalidAttributeValue", "InvalidAttributeValue",
                 "Invalid value for the parameter " + name + ".");
}

Answer bad_redrive(const std::string& value, const std::string& reason) {
  return problem("InvalidParameterValueException", "InvalidParameterValue",
                 "Value " + value + " for parameter RedrivePolicy is invalid. Reason: " + reason);
}

struct Bounds {
  const char* name;
  int low;
  int high;
  const char* initial;
};

constexpr Bounds kNumbers[] = {{"DelaySeconds", 0, 900, "0"},
                               {"MaximumMessageSize", 1024, 1048576, "1048576"},
                               {"MessageRetentionPeriod", 60, 1209600, "345600"},
                               {"ReceiveMessageWaitTimeSeconds", 0, 20, "0"},
                               {"VisibilityTimeout", 0, 43200, "30"}};
constexpr Bounds kReuse{"KmsDataKeyReusePeriodSeconds", 60, 86400, "300"};
constexpr const char* kRetention = "MessageRetentionPeriod";

std::string url_of(const Request& request, const std::string& name) {
  return "https://sqs." + request.region + ".amazonaws.com/" + request.account + "/" + name;
}

std::string name_of(const std::string& url) { return url.substr(url.rfind('/') + 1); }

bool is_fifo(std::string_view name) { return name.ends_with(".fifo"); }

std::optional<Answer> outside(const Bounds& bounds, const std::string& value) {
  int number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = read.ec == std::errc() && read.ptr == value.data() + value.size();
  if (whole && number >= bounds.low && number <= bounds.high) return std::nullopt;
  return bad_value(bounds.name);
}

std::optional<Answer> wrong_redrive(const Cloud& cloud, const Request& request,
                                    const std::string& text) {
  if (text.empty()) return std::nullopt;  // takes the policy away
  const auto policy = parse_json(text);
  if (!policy || !policy->is_object()) {
    return bad_redrive(text, "Redrive policy is not a valid JSON map.");
  }
  const std::string target = text_at(*policy, "deadLetterTargetArn");
  const Json* most = find_path(*policy, "maxReceiveCount");
  const char* lacking = target.empty()    ? "deadLetterTargetArn"
                        : most == nullptr ? "maxReceiveCount"
                                          : nullptr;
  if (lacking != nullptr) {
    return bad_redrive(
        text, "Redrive policy does not contain mandatory attribute: " + std::string(lacking) + ".");
  }
  const std::int64_t receives =
      most->is_int64() ? most->get_int64() : std::atoll(text_at(*most, "").c_str());
  if (receives < 1 || receives > 1000) {
    return bad_redrive(text, "Invalid value for maxReceiveCount: must be between 1 and 1000.");
  }
  const std::string own = "arn:aws:sqs:" + request.region + ":" + request.account + ":";
  const std::string id = target.starts_with(own) ? url_of(request, target.substr(own.size())) : "";
  if (cloud.truth(kQueue, here(request), id) == nullptr) {
    return bad_redrive(text, "Dead letter target does not exist.");
  }
  return std::nullopt;
}

std::optional<Answer> wrong_boolean(const std::string& name, const std::string& value) {
  if (value == "true" || value == "false") return std::nullopt;
  return bad_value(name);
}

std::optional<Answer> wrong_attribute(const Cloud& cloud, const Request& request, bool fifo,
                                      const std::string& name, const std::string& value) {
  for (const Bounds& bounds : kNumbers) {
    if (name == bounds.name) return outside(bounds, value);
  }
  if (name == kReuse.name) return outside(kReuse, value);
  if (name == "RedrivePolicy") return wrong_redrive(cloud, request, value);
  if (name == "KmsMasterKeyId" || name == "Policy" || name == "RedriveAllowPolicy") {
    return std::nullopt;
  }
  if (name == "SqsManagedSseEnabled") return wrong_boolean(name, value);
  // Attributes of FIFO queues are unknown to the others, even where they are false.
  const bool of_fifo = name == "FifoQueue" || name == "ContentBasedDeduplication" ||
                       name == "DeduplicationScope" || name == "FifoThroughputLimit";
  if (!of_fifo || !fifo) return unknown_attribute(name);
  if (name == "FifoQueue" && value != "true") return bad_value(name);
  if (name == "ContentBasedDeduplication") return wrong_boolean(name, value);
  return std::nullopt;
}

std::optional<Answer> wrong_attributes(const Cloud& cloud, const Request& request, bool fifo,
                                       const JsonObject& attributes) {
  for (const auto& entry : attributes) {
    if (!entry.value().is_string()) {
      return problem("com.amazon.coral.service#SerializationException", "SerializationException",
                     "Attribute values are strings");
    }
    auto wrong =
        wrong_attribute(cloud, request, fifo, std::string(entry.key()), text_at(entry.value(), ""));
    if (wrong) return wrong;
  }
  return std::nullopt;
}

JsonObject object_at(const Json& body, std::string_view name) {
  const Json* found = find_path(body, name);
  return found != nullptr && found->is_object() ? found->get_object() : JsonObject();
}

void apply(JsonObject& settings, const JsonObject& attributes) {
  for (const auto& entry : attributes) {
    const bool cleared = text_at(entry.value(), "").empty();
    if (cleared)
      settings.erase(entry.key());
    else
      settings[entry.key()] = entry.value();
  }
  // The two ways of encryption exclude each other, and the period goes with the key.
  if (settings.contains("KmsMasterKeyId")) {
    settings["SqsManagedSseEnabled"] = "false";
    settings.emplace(kReuse.name, kReuse.initial);
  } else if (!attributes.contains("SqsManagedSseEnabled") &&
             attributes.contains("KmsMasterKeyId")) {
    settings["SqsManagedSseEnabled"] = "false";
  }
}

JsonObject initial_settings(bool fifo) {
  JsonObject out;
  for (const Bounds& bounds : kNumbers) out[bounds.name] = bounds.initial;
  out["SqsManagedSseEnabled"] = "true";
  if (fifo) {
    out["FifoQueue"] = "true";
    out["ContentBasedDeduplication"] = "false";
    out["DeduplicationScope"] = "queue";
    out["FifoThroughputLimit"] = "perQueue";
  }
  return out;
}

bool same_setting(const std::string& name, const std::string& have, const std::string& want) {
  if (have == want) return true;
  if (name != "RedrivePolicy" && name != "Policy") return false;
  const auto left = parse_json(have);
  const auto right = parse_json(want);
  return left && right && same(*left, *right);
}

// A repeated create finds the queue if all that it names is as it says, the tags as well.
Answer created_before(const Request& request, const Thing& queue, const JsonObject& attributes) {
  const JsonObject tags = object_at(request.body, "tags");
  if (!tags.empty() && !same(tags, queue.truth("tags"))) {
    return problem("QueueNameExists", "QueueAlreadyExists",
                   "A queue already exists with the same name and different tags");
  }
  const JsonObject& settings = queue.truth("settings").as_object();
  for (const auto& entry : attributes) {
    const std::string name(entry.key());
    const Json* have = settings.if_contains(name);
    const std::string value = have == nullptr ? "" : text_at(*have, "");
    if (same_setting(name, value, text_at(entry.value(), ""))) continue;
    return problem(
        "QueueNameExists", "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute " + name);
  }
  return done(boost::json::serialize(JsonObject{{"QueueUrl", queue.id}}));
}

std::optional<Answer> wrong_name(const std::string& name, const JsonObject& attributes) {
  const bool fifo = is_fifo(name);
  const std::string plain = fifo ? name.substr(0, name.size() - 5) : name;
  const bool letters =
      plain.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
      std::string::npos;
  const Json* wanted = attributes.if_contains("FifoQueue");
  const bool wants_fifo = wanted != nullptr && *wanted == Json("true");
  if (!plain.empty() && name.size() <= 80 && letters && (!fifo || wants_fifo)) return std::nullopt;
  if (!fifo && wants_fifo) {
    return problem("InvalidParameterValueException", "InvalidParameterValue",
                   "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
                   "underscores, must end with .fifo suffix and be 1 to 80 in length.");
  }
  return problem("InvalidParameterValueException", "InvalidParameterValue",
                 "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in "
                 "length");
}

Answer create_queue(Cloud& cloud, const Request& request) {
  const std::string name = text_at(request.body, "QueueName");
  if (name.empty()) return missing("QueueName");
  const JsonObject attributes = object_at(request.body, "Attributes");
  if (auto wrong = wrong_name(name, attributes)) return *wrong;
  if (auto wrong = wrong_attributes(cloud, request, is_fifo(name), attributes)) return *wrong;
  const std::string url = url_of(request, name);
  if (const Thing* queue = cloud.truth(kQueue, here(request), url)) {
    return created_before(request, *queue, attributes);
  }
  const Thing* former = cloud.latest(kQueue, here(request), url);
  if (former != nullptr && cloud.now() < former->death->made() + kNameWait) {
    return problem("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently",
                   "You must wait 60 seconds after deleting a queue before you can create another "
                   "with the same name.");
  }
  Thing& queue = cloud.add(request, kQueue, here(request), url);
  const std::string born = std::to_string(epoch(cloud.wall()));
  cloud.give(
      queue, "core",
      JsonObject{{"QueueArn", "arn:aws:sqs:" + request.region + ":" + request.account + ":" + name},
                 {"CreatedTimestamp", born}});
  JsonObject settings = initial_settings(is_fifo(name));
  apply(settings, attributes);
  settings["LastModifiedTimestamp"] = born;
  const Json retention = settings[kRetention];
  cloud.give(queue, "settings", std::move(settings));
  cloud.give(queue, kRetention, retention);
  cloud.give(queue, "tags", object_at(request.body, "tags"));
  cloud.note(request.call, queue, Cloud::Change::kCreated);
  return done(boost::json::serialize(JsonObject{{"QueueUrl", url}}));
}

JsonObject all_attributes(const Thing& queue, const Json& settings, const Json& retention) {
  JsonObject out = queue.truth("core").as_object();
  for (const auto& entry : settings.as_object()) out[entry.key()] = entry.value();
  out[kRetention] = retention;
  for (const char* counter : {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed",
                              "ApproximateNumberOfMessagesNotVisible"}) {
    out[counter] = "0";
  }
  return out;
}

constexpr const char* kNames[] = {"Policy",
                                  "KmsMasterKeyId",
                                  "KmsDataKeyReusePeriodSeconds",
                                  "RedrivePolicy",
                                  "RedriveAllowPolicy",
                                  "FifoQueue",
                                  "ContentBasedDeduplication",
                                  "DeduplicationScope",
                                  "FifoThroughputLimit"};

Answer get_attributes(Cloud& cloud, const Request& request) {
  const std::string url = text_at(request.body, "QueueUrl");
  if (url.empty()) return missing("QueueUrl");
  const Thing* queue = cloud.seen(kQueue, here(request), url, View::kById, request.replica);
  if (queue == nullptr) return no_such_queue();
  const JsonObject all = all_attributes(*queue, cloud.details(*queue, "settings", request.replica),
                                        cloud.details(*queue, kRetention, request.replica));
  const Json* names = find_path(request.body, "AttributeNames");
  JsonObject chosen;
  for (const Json& item : names != nullptr ? names->as_array() : JsonArray()) {
    const std::string name = text_at(item, "");
    if (name == "All") return done(boost::json::serialize(JsonObject{{"Attributes", all}}));
    if (const Json* value = all.if_contains(name)) {
      chosen[name] = *value;
    } else if (std::ranges::find(kNames, name) == std::end(kNames)) {
      return unknown_attribute(name);
    }
  }
  if (chosen.empty()) return done("{}");
  return done(boost::json::serialize(JsonObject{{"Attributes", std::move(chosen)}}));
}

Answer get_url(Cloud& cloud, const Request& request) {
  const std::string name = text_at(request.body, "QueueName");
  if (name.empty()) return missing("QueueName");
  const std::string url = url_of(request, name);
  if (cloud.seen(kQueue, here(request), url, View::kList, request.replica) == nullptr) {
    return no_such_queue();
  }
  return done(boost::json::serialize(JsonObject{{"QueueUrl", url}}));
}

Answer list_tags(Cloud& cloud, const Request& request) {
  const std::string url = text_at(request.body, "QueueUrl");
  if (url.empty()) return missing("QueueUrl");
  const Thing* queue = cloud.seen(kQueue, here(request), url, View::kById, request.replica);
  if (queue == nullptr) return no_such_queue();
  const JsonObject& tags = cloud.tags(*queue, View::kDetails, request.replica);
  if (tags.empty()) return done("{}");
  return done(boost::json::serialize(JsonObject{{"Tags", tags}}));
}

Answer set_attributes(Cloud& cloud, const Request& request, Thing& queue) {
  const JsonObject attributes = object_at(request.body, "Attributes");
  if (attributes.empty()) return missing("Attribute.Name");
  if (attributes.contains("FifoQueue")) return unknown_attribute("FifoQueue");
  if (auto wrong = wrong_attributes(cloud, request, is_fifo(queue.id), attributes)) return *wrong;
  JsonObject settings = queue.truth("settings").as_object();
  apply(settings, attributes);
  settings["LastModifiedTimestamp"] = std::to_string(epoch(cloud.wall()));
  const Json retention = settings[kRetention];
  cloud.set(queue, "settings", std::move(settings));
  if (attributes.contains(kRetention)) cloud.set(queue, kRetention, retention);
  cloud.note(request.call, queue, Cloud::Change::kChanged);
  return done();
}

Answer tag(Cloud& cloud, const Request& request, Thing& queue) {
  JsonObject all = queue.truth("tags").as_object();
  for (const auto& entry : object_at(request.body, "Tags")) all[entry.key()] = entry.value();
  if (all.size() > 50) {
    return problem("InvalidParameterValueException", "InvalidParameterValue",
                   "Too many tags added for queue " + name_of(queue.id) + ".");
  }
  cloud.set(queue, "tags", std::move(all));
  cloud.note(request.call, queue, Cloud::Change::kChanged);
  return done();
}

Answer untag(Cloud& cloud, const Request& request, Thing& queue) {
  const Json* keys = find_path(request.body, "TagKeys");
  JsonObject all = queue.truth("tags").as_object();
  for (const Json& key : keys != nullptr ? keys->as_array() : JsonArray()) {
    all.erase(text_at(key, ""));
  }
  cloud.set(queue, "tags", std::move(all));
  cloud.note(request.call, queue, Cloud::Change::kChanged);
  return done();
}

Answer delete_queue(Cloud& cloud, const Request& request, Thing& queue) {
  cloud.bury(queue);
  cloud.note(request.call, queue, Cloud::Change::kRemoved);
  return done();
}

using Write = Answer (*)(Cloud&, const Request&, Thing&);
constexpr std::pair<const char*, Write> kWrites[] = {{"SetQueueAttributes", set_attributes},
                                                     {"TagQueue", tag},
                                                     {"UntagQueue", untag},
                                                     {"DeleteQueue", delete_queue}};

Answer write(Cloud& cloud, const Request& request, Write operation) {
  const std::string url = text_at(request.body, "QueueUrl");
  if (url.empty()) return missing("QueueUrl");
  if (Thing* queue = cloud.writable(kQueue, here(request), url, request.replica)) {
    return operation(cloud, request, *queue);
  }
  // For up to a minute after a deletion calls may still succeed, to no effect.
  const Thing* fading = cloud.seen(kQueue, here(request), url, View::kById, request.replica);
  return fading != nullptr ? done() : no_such_queue();
}

}  // namespace

Answer serve_sqs(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (request.malformed) {
    return problem("com.amazon.coral.service#SerializationException", "SerializationException",
                   "The body is no JSON object");
  }
  if (operation == "CreateQueue") return create_queue(cloud, request);
  if (operation == "GetQueueUrl") return get_url(cloud, request);
  if (operation == "GetQueueAttributes") return get_attributes(cloud, request);
  if (operation == "ListQueueTags") return list_tags(cloud, request);
  for (const auto& [name, handler] : kWrites) {
    if (operation == name) return write(cloud, request, handler);
  }
  return problem("com.amazon.coral.service#UnknownOperationException", "InvalidAction",
                 "The operation " + operation + " is not known");
}

Json queue_state(const Cloud&, const Thing& thing) {
  return all_attributes(thing, thing.truth("settings"), thing.truth(kRetention));
}

}  // namespace infra::sim
