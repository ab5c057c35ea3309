#include <algorithm>
#include <optional>

#include "aws/json_tags.h"
#include "aws/paging.h"
#include "aws/query_lists.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

using std::chrono::seconds;

constexpr const char* kTopic = "SNSTopic";
constexpr const char* kSubscriptions = "Subscriptions";
// The states of a subscription. Lists show the latter two instead of an ARN.
constexpr const char* kConfirmed = "Confirmed";
constexpr const char* kPending = "PendingConfirmation";
constexpr const char* kDeleted = "Deleted";

Answer invalid(const std::string& what) {
  return refused(400, "InvalidParameter", "Invalid parameter: " + what);
}

Answer no_such_topic() { return refused(404, "NotFound", "Topic does not exist"); }

Answer no_such_resource() { return refused(404, "ResourceNotFound", "Resource does not exist"); }

bool is_fifo(std::string_view name) { return name.ends_with(".fifo"); }

std::optional<Answer> wrong_json(const std::string& name, const std::string& text) {
  const bool fits = text.empty() || parse_json(text).value_or(nullptr).is_object();
  return fits ? std::nullopt : std::optional(invalid(name + ": failed to parse JSON"));
}

std::optional<Answer> wrong_boolean(const std::string& name, const std::string& value) {
  const bool fits = value == "true" || value == "false";
  return fits ? std::nullopt : std::optional(invalid("Attributes Reason: " + name + ": " + value));
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  if (!fit_for_tags(tags)) return invalid("Tags Reason: a tag is not valid");
  if (tags.size() <= 50) return std::nullopt;
  return refused(400, "TagLimitExceeded", "Could not complete request: tag quota per resource");
}

// --- Topics -------------------------------------------------------------------------------------

std::optional<Answer> wrong_attribute(bool fifo, const std::string& name,
                                      const std::string& value) {
  if (name == "DisplayName") {
    return value.size() <= 100 ? std::nullopt : std::optional(invalid("DisplayName"));
  }
  if (name == "DeliveryPolicy" || name == "Policy") return wrong_json(name, value);
  if (name == "KmsMasterKeyId") return std::nullopt;
  if (name == "ContentBasedDeduplication" && fifo) return wrong_boolean(name, value);
  return invalid("AttributeName");
}

std::optional<Answer> wrong_name(const std::string& name, bool fifo) {
  const std::string plain = is_fifo(name) ? name.substr(0, name.size() - 5) : name;
  const bool letters =
      plain.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
      std::string::npos;
  const bool fits = letters && !plain.empty() && name.size() <= 256 && is_fifo(name) == fifo;
  return fits ? std::nullopt : std::optional(invalid("Topic Name"));
}

std::optional<Answer> wrong_topic(const std::string& name, const JsonObject& attributes) {
  const Json* fifo = attributes.if_contains("FifoTopic");
  if (fifo != nullptr && *fifo != Json("true")) return invalid("Attributes Reason: FifoTopic");
  if (auto wrong = wrong_name(name, fifo != nullptr)) return wrong;
  for (const auto& entry : attributes) {
    if (entry.key() == "FifoTopic") continue;
    auto wrong =
        wrong_attribute(is_fifo(name), std::string(entry.key()), text_at(entry.value(), ""));
    if (wrong) return wrong;
  }
  return std::nullopt;
}

// All of `some` are among `all`, as they are there.
bool are_among(const JsonObject& some, const JsonObject& all) {
  return std::ranges::all_of(some, [&all](const auto& entry) {
    const Json* have = all.if_contains(entry.key());
    return have != nullptr && *have == entry.value();
  });
}

Answer named(const std::string& arn) {
  XmlWriter xml;
  return done(xml.text("TopicArn", arn).take());
}

Answer created_before(const Thing& topic, const JsonObject& attributes, const JsonObject& tags) {
  if (!are_among(attributes, topic.truth("settings").as_object())) {
    return invalid("Attributes Reason: Topic already exists with different attributes");
  }
  if (!are_among(tags, topic.truth("tags").as_object())) {
    return invalid("Tags Reason: Topic already exists with different tags");
  }
  return named(topic.id);
}

JsonObject initial_settings(const JsonObject& attributes) {
  JsonObject out{{"DisplayName", ""}};
  if (attributes.contains("FifoTopic")) out["ContentBasedDeduplication"] = "false";
  return merged_tags(out, attributes);
}

Answer create_topic(Cloud& cloud, const Request& request) {
  const std::string name = request.form.text("Name");
  const JsonObject attributes = read_map_fields(request.form, "Attributes");
  const JsonObject tags = read_tag_fields(request.form, "Tags.member");
  if (auto wrong = wrong_topic(name, attributes)) return *wrong;
  if (auto wrong = wrong_tags(tags)) return *wrong;
  const std::string arn = "arn:aws:sns:" + request.region + ":" + request.account + ":" + name;
  if (const Thing* topic = cloud.truth(kTopic, here(request), arn)) {
    return created_before(*topic, attributes, tags);
  }
  // What holds the tags may still have those of a topic that is gone.
  const Thing* former = cloud.latest(kTopic, here(request), arn);
  if (former != nullptr && !tags.empty() && cloud.now() < former->gone_at) {
    return refused(400, "StaleTag",
                   "A tag has been added to a resource with the same ARN as a deleted resource. "
                   "Wait a short while and then retry the operation.");
  }
  Thing& topic = cloud.add(request, kTopic, here(request), arn);
  cloud.give(topic, "core", JsonObject{{"TopicArn", arn}, {"Owner", request.account}});
  cloud.give(topic, "settings", initial_settings(attributes));
  cloud.give(topic, kSubscriptions, JsonArray());
  cloud.give(topic, "tags", tags);
  cloud.note(request.call, topic, Cloud::Change::kCreated);
  return named(arn);
}

int how_many(const JsonArray& subscriptions, std::string_view state) {
  return int(std::ranges::count_if(subscriptions, [state](const Json& subscription) {
    return text_at(subscription, "State") == state;
  }));
}

JsonObject all_attributes(const Thing& topic, const Json& settings, const Json& subscriptions) {
  JsonObject out = merged_tags(topic.truth("core").as_object(), settings.as_object());
  const JsonArray& all = subscriptions.as_array();
  out["SubscriptionsConfirmed"] = std::to_string(how_many(all, kConfirmed));
  out["SubscriptionsPending"] = std::to_string(how_many(all, kPending));
  out["SubscriptionsDeleted"] = std::to_string(how_many(all, kDeleted));
  return out;
}

Answer get_attributes(Cloud& cloud, const Request& request, const Thing& topic) {
  XmlWriter xml;
  write_map_elements(xml, "Attributes",
                     all_attributes(topic, cloud.details(topic, "settings", request.replica),
                                    cloud.details(topic, kSubscriptions, request.replica)));
  return done(xml.take());
}

Answer set_attribute(Cloud& cloud, const Request& request, Thing& topic) {
  const std::string name = request.form.text("AttributeName");
  const std::string value = request.form.text("AttributeValue");
  if (auto wrong = wrong_attribute(is_fifo(topic.id), name, value)) return *wrong;
  JsonObject settings = topic.truth("settings").as_object();
  if (value.empty() && name != "DisplayName") {
    settings.erase(name);
  } else {
    settings[name] = value;
  }
  cloud.set(topic, "settings", std::move(settings));
  cloud.note(request.call, topic, Cloud::Change::kChanged);
  return done_silently();
}

// To delete what is not there is no error.
Answer delete_topic(Cloud& cloud, const Request& request) {
  const std::string arn = request.form.text("TopicArn");
  Thing* topic = cloud.writable(kTopic, here(request), arn, request.replica);
  if (topic != nullptr) {
    topic->gone_at = cloud.now() + cloud.takes(seconds(0), seconds(30));
    cloud.bury(*topic);
    cloud.note(request.call, *topic, Cloud::Change::kRemoved);
  }
  return done_silently();
}

// --- Tags ---------------------------------------------------------------------------------------

Answer list_tags(Cloud& cloud, const Request& request, const Thing& topic) {
  XmlWriter xml;
  write_tag_elements(xml, "Tags", "member", cloud.tags(topic, View::kDetails, request.replica));
  return done(xml.take());
}

// One change of them at a time.
Answer set_tags(Cloud& cloud, const Request& request, Thing& topic, JsonObject tags) {
  if (auto wrong = wrong_tags(tags)) return *wrong;
  if (cloud.now() < topic.updated_at) {
    return refused(400, "ConcurrentAccess",
                   "Can't perform multiple operations on a tag simultaneously. Perform the "
                   "operations sequentially.");
  }
  topic.updated_at = cloud.now() + cloud.takes(seconds(0), seconds(10));
  cloud.set(topic, "tags", std::move(tags));
  cloud.note(request.call, topic, Cloud::Change::kChanged);
  return done();
}

Answer tag(Cloud& cloud, const Request& request, Thing& topic) {
  return set_tags(cloud, request, topic, tags_with_given(topic, request.form, "Tags.member"));
}

Answer untag(Cloud& cloud, const Request& request, Thing& topic) {
  return set_tags(cloud, request, topic, tags_without_named(topic, request.form));
}

// --- Subscriptions ------------------------------------------------------------------------------

bool takes_raw_messages(std::string_view protocol) {
  constexpr std::string_view kAll[] = {"sqs", "http", "https", "firehose"};
  return std::ranges::find(kAll, protocol) != std::end(kAll);
}

std::optional<Answer> wrong_subscription_attribute(const std::string& protocol,
                                                   const std::string& name,
                                                   const std::string& value) {
  if (name == "FilterPolicy") return wrong_json(name, value);
  if (name == "RawMessageDelivery") {
    if (auto wrong = wrong_boolean(name, value)) return wrong;
    if (value == "false" || takes_raw_messages(protocol)) return std::nullopt;
    return invalid("Attributes Reason: Delivery protocol [" + protocol +
                   "] does not support raw message delivery.");
  }
  if (name == "RedrivePolicy") {
    const Json policy = parse_json(value).value_or(nullptr);
    if (value.empty() || text_at(policy, "deadLetterTargetArn").starts_with("arn:")) {
      return std::nullopt;
    }
    return invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn");
  }
  return invalid("AttributeName");
}

std::optional<Answer> wrong_endpoint(const std::string& protocol, const std::string& endpoint) {
  if (protocol == "sqs" || protocol == "lambda" || protocol == "firehose" ||
      protocol == "application") {
    const bool fits = endpoint.starts_with("arn:");
    return fits ? std::nullopt : std::optional(invalid(protocol + " endpoint ARN"));
  }
  if (protocol == "http" || protocol == "https") {
    const bool fits = endpoint.starts_with(protocol + "://");
    return fits ? std::nullopt
                : std::optional(invalid("Endpoint must match the specified protocol"));
  }
  if (protocol == "email" || protocol == "email-json") {
    const bool fits = endpoint.find('@') != std::string::npos;
    return fits ? std::nullopt : std::optional(invalid("Email address"));
  }
  return protocol == "sms" ? std::nullopt : std::optional(invalid("Protocol"));
}

// Whoever gets messages has to want them; what belongs to the account does.
bool waits_for_receiver(const Request& request, const std::string& protocol,
                        const std::string& endpoint) {
  if (protocol.starts_with("http") || protocol.starts_with("email")) return true;
  return endpoint.starts_with("arn:") &&
         endpoint.find(":" + request.account + ":") == std::string::npos;
}

// A policy that lets everything through is none.
void put_attribute(JsonObject& attributes, const std::string& name, const std::string& value) {
  const bool nothing = value.empty() || (name == "FilterPolicy" && value == "{}");
  if (nothing) {
    attributes.erase(name);
  } else {
    attributes[name] = value;
  }
}

Json* with_endpoint(JsonArray& all, const std::string& protocol, const std::string& endpoint) {
  const auto found = std::ranges::find_if(all, [&](const Json& one) {
    return text_at(one, "Protocol") == protocol && text_at(one, "Endpoint") == endpoint &&
           text_at(one, "State") != kDeleted;
  });
  return found == all.end() ? nullptr : &*found;
}

Answer subscribed(const Request& request, const Json& subscription) {
  XmlWriter xml;
  const bool shown = text_at(subscription, "State") == kConfirmed ||
                     request.form.text("ReturnSubscriptionArn") == "true";
  return done(xml.text("SubscriptionArn",
                       shown ? text_at(subscription, "SubscriptionArn") : "pending confirmation")
                  .take());
}

Json new_subscription(Cloud& cloud, const Request& request, const Thing& topic,
                      const JsonObject& attributes) {
  const std::string protocol = request.form.text("Protocol");
  const std::string endpoint = request.form.text("Endpoint");
  JsonObject own{{"RawMessageDelivery", "false"}};
  for (const auto& entry : attributes) {
    put_attribute(own, std::string(entry.key()), text_at(entry.value(), ""));
  }
  const bool pending = waits_for_receiver(request, protocol, endpoint);
  return JsonObject{{"SubscriptionArn", topic.id + ":" + uuid(cloud.ids)},
                    {"Owner", request.account},
                    {"Protocol", protocol},
                    {"Endpoint", endpoint},
                    {"State", pending ? kPending : kConfirmed},
                    {"ByActor", request.call.access_key.empty()},
                    {"Attributes", std::move(own)}};
}

Answer subscribe(Cloud& cloud, const Request& request, Thing& topic) {
  const std::string protocol = request.form.text("Protocol");
  const std::string endpoint = request.form.text("Endpoint");
  const JsonObject attributes = read_map_fields(request.form, "Attributes");
  if (auto wrong = wrong_endpoint(protocol, endpoint)) return *wrong;
  for (const auto& entry : attributes) {
    auto wrong = wrong_subscription_attribute(protocol, std::string(entry.key()),
                                              text_at(entry.value(), ""));
    if (wrong) return *wrong;
  }
  JsonArray all = topic.truth(kSubscriptions).as_array();
  if (const Json* found = with_endpoint(all, protocol, endpoint)) {
    if (are_among(attributes, found->at("Attributes").as_object())) {
      return subscribed(request, *found);
    }
    return invalid("Attributes Reason: Subscription already exists with different attributes");
  }
  all.push_back(new_subscription(cloud, request, topic, attributes));
  Answer answer = subscribed(request, all.back());
  cloud.set(topic, kSubscriptions, std::move(all));
  cloud.note(request.call, topic, Cloud::Change::kChanged);
  return answer;
}

Answer list_subscriptions(Cloud& cloud, const Request& request, const Thing& topic) {
  const JsonArray& all = cloud.details(topic, kSubscriptions, request.replica).as_array();
  const auto page = cut_page(cloud, request.form.text("NextToken"), all.size(), 100);
  if (!page) return invalid("NextToken");
  XmlWriter xml;
  xml.open("Subscriptions");
  for (std::size_t i = page->first; i < page->last; ++i) {
    const std::string state = text_at(all[i], "State");
    xml.open("member").text("TopicArn", topic.id);
    for (const char* name : {"Owner", "Protocol", "Endpoint"})
      xml.text(name, text_at(all[i], name));
    xml.text("SubscriptionArn", state == kConfirmed ? text_at(all[i], "SubscriptionArn") : state);
    xml.close();
  }
  xml.close();
  if (!page->token.empty()) xml.text("NextToken", page->token);
  return done(xml.take());
}

// The topic's ARN and a part of its own.
std::string topic_of(const std::string& subscription) {
  return subscription.substr(0, subscription.rfind(':'));
}

// What its name is unique in: arn:aws:sns:REGION:ACCOUNT:NAME.
std::string place_of(const std::string& arn) {
  const auto account = arn.find(':', 12);
  const auto name = arn.find(':', account + 1);
  return arn.substr(account + 1, name - account - 1) + "/" + arn.substr(12, account - 12);
}

bool is_subscription_arn(const std::string& text) {
  return text.starts_with("arn:") && std::ranges::count(text, ':') == 6;
}

Answer no_subscription_arn(const std::string& text) {
  return invalid("SubscriptionArn Reason: " + text + " is no ARN of a subscription");
}

Json* with_arn(JsonArray& all, const std::string& arn) {
  const auto found = std::ranges::find_if(all, [&arn](const Json& one) {
    return text_at(one, "SubscriptionArn") == arn && text_at(one, "State") != kDeleted;
  });
  return found == all.end() ? nullptr : &*found;
}

Answer no_such_subscription() { return refused(404, "NotFound", "Subscription does not exist"); }

Answer get_subscription(Cloud& cloud, const Request& request) {
  const std::string arn = request.form.text("SubscriptionArn");
  if (!is_subscription_arn(arn)) return no_subscription_arn(arn);
  const Thing* topic =
      cloud.seen(kTopic, here(request), topic_of(arn), View::kById, request.replica);
  if (topic == nullptr) return no_such_subscription();
  JsonArray all = cloud.details(*topic, kSubscriptions, request.replica).as_array();
  const Json* found = with_arn(all, arn);
  if (found == nullptr) return no_such_subscription();
  JsonObject out = found->at("Attributes").as_object();
  for (const char* name : {"SubscriptionArn", "Owner", "Protocol", "Endpoint"}) {
    out[name] = text_at(*found, name);
  }
  out["TopicArn"] = topic->id;
  out["PendingConfirmation"] = text_at(*found, "State") == kPending ? "true" : "false";
  out["ConfirmationWasAuthenticated"] = "true";
  XmlWriter xml;
  write_map_elements(xml, "Attributes", out);
  return done(xml.take());
}

Answer set_subscription(Cloud& cloud, const Request& request) {
  const std::string arn = request.form.text("SubscriptionArn");
  if (!is_subscription_arn(arn)) return no_subscription_arn(arn);
  Thing* topic = cloud.writable(kTopic, here(request), topic_of(arn), request.replica);
  if (topic == nullptr) return no_such_subscription();
  JsonArray all = topic->truth(kSubscriptions).as_array();
  Json* found = with_arn(all, arn);
  if (found == nullptr) return no_such_subscription();
  const std::string name = request.form.text("AttributeName");
  const std::string value = request.form.text("AttributeValue");
  if (auto wrong = wrong_subscription_attribute(text_at(*found, "Protocol"), name, value)) {
    return *wrong;
  }
  put_attribute(found->at("Attributes").as_object(), name, value);
  cloud.set(*topic, kSubscriptions, std::move(all));
  cloud.note(request.call, *topic, Cloud::Change::kChanged);
  return done_silently();
}

// A receiver, who is told the token, says that messages are wanted.
Answer confirm(Cloud& cloud, const Request& request, Thing& topic) {
  JsonArray all = topic.truth(kSubscriptions).as_array();
  Json* found = with_arn(all, request.form.text("Token"));
  if (found == nullptr) return invalid("Token");
  found->at("State") = kConfirmed;
  Answer answer = subscribed(request, *found);
  cloud.set(topic, kSubscriptions, std::move(all));
  cloud.note(request.call, topic, Cloud::Change::kChanged);
  return answer;
}

// To take back what is not there is no error; what nobody has confirmed has no ARN to name it by.
// Where it is the receiver who ends it, it stays listed.
Answer unsubscribe(Cloud& cloud, const Request& request) {
  const std::string arn = request.form.text("SubscriptionArn");
  if (!is_subscription_arn(arn)) return no_subscription_arn(arn);
  Thing* topic = cloud.writable(kTopic, place_of(arn), topic_of(arn), request.replica);
  if (topic == nullptr) return done_silently();
  JsonArray all = topic->truth(kSubscriptions).as_array();
  Json* found = with_arn(all, arn);
  if (found == nullptr) return done_silently();
  const bool of_others = found->at("ByActor") == Json(true);
  if (request.account == topic->account) {
    all.erase(found);
  } else {
    found->at("State") = kDeleted;
  }
  cloud.set(*topic, kSubscriptions, std::move(all));
  cloud.note(request.call, *topic, Cloud::Change::kChanged);
  cloud.log.back().of_others = of_others;
  return done_silently();
}

using Own = Answer (*)(Cloud&, const Request&);
constexpr std::pair<const char*, Own> kOwn[] = {{"CreateTopic", create_topic},
                                                {"DeleteTopic", delete_topic},
                                                {"GetSubscriptionAttributes", get_subscription},
                                                {"SetSubscriptionAttributes", set_subscription},
                                                {"Unsubscribe", unsubscribe}};
using Read = Answer (*)(Cloud&, const Request&, const Thing&);
constexpr std::pair<const char*, Read> kReads[] = {{"GetTopicAttributes", get_attributes},
                                                   {"ListSubscriptionsByTopic", list_subscriptions},
                                                   {"ListTagsForResource", list_tags}};
using Write = Answer (*)(Cloud&, const Request&, Thing&);
constexpr std::pair<const char*, Write> kWrites[] = {{"ConfirmSubscription", confirm},
                                                     {"SetTopicAttributes", set_attribute},
                                                     {"Subscribe", subscribe},
                                                     {"TagResource", tag},
                                                     {"UntagResource", untag}};

}  // namespace

Answer serve_sns(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  for (const auto& [known, serve] : kOwn) {
    if (operation == known) return serve(cloud, request);
  }
  const bool of_tags = request.form.has("ResourceArn");
  const std::string arn = request.form.text(of_tags ? "ResourceArn" : "TopicArn");
  const auto absent = [of_tags] { return of_tags ? no_such_resource() : no_such_topic(); };
  for (const auto& [known, read] : kReads) {
    if (operation != known) continue;
    const Thing* topic = cloud.seen(kTopic, here(request), arn, View::kById, request.replica);
    return topic == nullptr ? absent() : read(cloud, request, *topic);
  }
  for (const auto& [known, write] : kWrites) {
    if (operation != known) continue;
    Thing* topic = cloud.writable(kTopic, here(request), arn, request.replica);
    return topic == nullptr ? absent() : write(cloud, request, *topic);
  }
  return refused(400, "InvalidAction", "Could not find operation " + operation);
}

Json topic_state(const Cloud&, const Thing& thing) {
  JsonObject out = all_attributes(thing, thing.truth("settings"), thing.truth(kSubscriptions));
  out["Subscriptions"] = thing.truth(kSubscriptions);
  return out;
}

}  // namespace infra::sim
