#include <algorithm>
#include <array>

#include "aws/address_range.h"
#include "aws/ec2.h"
#include "base/base64.h"

namespace infra::sim {
namespace ec2 {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// How long a terminated instance stays listed.
constexpr Duration kListed = hours(1);
constexpr std::size_t kMostUserData = 16384;

// Parts that are shown late. State, monitoring and the profile are phases: one word until a
// moment, and another from then on.
constexpr std::string_view kState = "State";
constexpr std::string_view kMonitoring = "Monitoring";
constexpr std::string_view kProfile = "Profile";
constexpr std::string_view kGroups = "Groups";
constexpr std::string_view kType = "InstanceType";
constexpr std::string_view kOptimized = "EbsOptimized";
constexpr std::string_view kProtected = "DisableApiTermination";
constexpr std::string_view kLaunched = "LaunchTime";

constexpr std::pair<std::string_view, std::string_view> kCodes[] = {
    {"pending", "0"},     {"running", "16"},  {"shutting-down", "32"},
    {"terminated", "48"}, {"stopping", "64"}, {"stopped", "80"}};

JsonObject phase(Duration until, const char* during, const char* then) {
  return {{"Until", until.count()}, {"During", during}, {"Then", then}};
}

std::string word_of(const Cloud& cloud, const Json& phase) {
  if (phase.is_null()) return "";
  const Duration until{phase.at("Until").to_number<std::int64_t>()};
  return text_at(phase, cloud.now() < until ? "During" : "Then");
}

std::string true_state(const Cloud& cloud, const Thing& instance) {
  return word_of(cloud, instance.truth(kState));
}

std::string profile_arn(const Thing& instance, const Json& profile) {
  return "arn:aws:iam::" + instance.account + ":instance-profile/" + text_at(profile, "Name");
}

void write_state(XmlWriter& xml, std::string_view element, const std::string& state) {
  const auto code =
      std::ranges::find(kCodes, state, &std::pair<std::string_view, std::string_view>::first);
  xml.open(element).text("code", code->second).text("name", state).close();
}

void write_profile(XmlWriter& xml, const Thing& instance, const Json& profile) {
  xml.open("iamInstanceProfile").text("arn", profile_arn(instance, profile));
  xml.text("id", "AIPA" + text_at(profile, "Name")).close();
}

void write_groups(XmlWriter& xml, const Cloud& cloud, const Thing& instance, int replica) {
  xml.open("groupSet");
  for (const Json& id : cloud.details(instance, kGroups, replica).as_array()) {
    const std::string scope = instance.account + "/" + instance.region;
    const Thing* group = cloud.latest(kSecurityGroup.name, scope, text_at(id, ""));
    xml.open("item").text("groupId", text_at(id, ""));
    xml.text("groupName",
             group == nullptr ? "default" : text_at(group->truth("core"), "GroupName"));
    xml.close();
  }
  xml.close();
}

void write_volumes(XmlWriter& xml, const Thing& instance) {
  xml.open("blockDeviceMapping");
  for (const Json& volume : instance.truth("core").at("Volumes").as_array()) {
    xml.open("item").text("deviceName", text_at(volume, "DeviceName")).open("ebs");
    xml.text("volumeId", text_at(volume, "VolumeId")).text("status", "attached");
    xml.text("deleteOnTermination", text_at(volume, "DeleteOnTermination")).close().close();
  }
  xml.close();
}

// What has been terminated has no place in a network any more.
void write_instance(XmlWriter& xml, const Cloud& cloud, const Thing& instance, int replica) {
  const Json& core = instance.truth("core");
  const Json& phase = cloud.details(instance, kState, replica);
  const std::string state = word_of(cloud, phase);
  xml.text("instanceId", instance.id).text("imageId", text_at(core, "ImageId"));
  write_state(xml, "instanceState", state);
  xml.text("instanceType", text_at(cloud.details(instance, kType, replica), ""));
  xml.text("launchTime", text_at(cloud.details(instance, kLaunched, replica), ""));
  for (const auto& [member, element] :
       {std::pair("KeyName", "keyName"), std::pair("ClientToken", "clientToken")}) {
    const std::string text = text_at(core, member);
    if (!text.empty()) xml.text(element, text);
  }
  xml.open("placement").text("availabilityZone", text_at(core, "AvailabilityZone")).close();
  xml.open("monitoring");
  xml.text("state", word_of(cloud, cloud.details(instance, kMonitoring, replica))).close();
  xml.boolean("ebsOptimized", cloud.details(instance, kOptimized, replica) == Json(true));
  const std::string why = text_at(phase, "Why");
  if (state == "terminated" && !why.empty()) {
    xml.open("stateReason").text("code", why).text("message", why + ": it could not be launched");
    xml.close();
  }
  if (state == "terminated") return;
  xml.text("subnetId", text_at(core, "SubnetId")).text("vpcId", text_at(core, "VpcId"));
  xml.text("privateIpAddress", text_at(core, "PrivateIpAddress"));
  write_groups(xml, cloud, instance, replica);
  write_volumes(xml, instance);
  const Json& profile = cloud.details(instance, kProfile, replica);
  if (!profile.is_null()) write_profile(xml, instance, profile);
}

std::optional<Texts> filtered_by(const Cloud& cloud, const Thing& instance, const std::string& name,
                                 int replica) {
  const Json& core = instance.truth("core");
  if (name == "instance-id") return Texts{instance.id};
  if (name == "instance-state-name") {
    return Texts{word_of(cloud, cloud.details(instance, kState, replica))};
  }
  if (name == "subnet-id") return Texts{text_at(core, "SubnetId")};
  if (name == "vpc-id") return Texts{text_at(core, "VpcId")};
  if (name == "client-token") return Texts{text_at(core, "ClientToken")};
  return std::nullopt;
}

// All that a request says besides its token.
std::string asked(const Request& request) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : request.form.all()) {
    if (name != "ClientToken") parts.push_back(name + "=" + value);
  }
  std::ranges::sort(parts);
  std::string out;
  for (const std::string& part : parts) out += part + "\n";
  return out;
}

Thing* made_with(const Cloud& cloud, const Request& request, const std::string& token) {
  const auto found = std::ranges::find_if(cloud.things, [&](const auto& thing) {
    return thing->kind == kInstance.name && thing->account == request.account &&
           thing->region == request.region && text_at(thing->truth("core"), "ClientToken") == token;
  });
  return token.empty() || found == cloud.things.end() ? nullptr : found->get();
}

// "runner" of a name or an ARN; empty: none is named.
std::string profile_name(const Request& request) {
  const std::string arn = request.form.text("IamInstanceProfile.Arn");
  return arn.empty() ? request.form.text("IamInstanceProfile.Name")
                     : arn.substr(arn.rfind('/') + 1);
}

// A fresh one is not known everywhere yet.
std::optional<Answer> wrong_profile(const Cloud& cloud, const Request& request) {
  const std::string name = profile_name(request);
  if (cloud.seen(kInstanceProfile, request.account, name, View::kAccess, request.replica)) {
    return std::nullopt;
  }
  return invalid_value("iamInstanceProfile.name", name, "Invalid IAM Instance Profile name");
}

// The groups that a list of a request names, all of them in the VPC.
Or<JsonArray> groups_of(Cloud& cloud, const Request& request, const std::string& list,
                        const std::string& vpc) {
  JsonArray out;
  for (const std::string& id : request.form.list(list)) {
    const auto group = writable(cloud, request, kSecurityGroup, id);
    if (!group) return std::unexpected(group.error());
    if (text_at((*group)->truth("core"), "VpcId") != vpc) {
      return std::unexpected(refused(400, "InvalidGroup.NotFound",
                                     "You have specified two resources that belong to different "
                                     "networks."));
    }
    out.emplace_back(id);
  }
  if (out.empty()) out.emplace_back("sg-" + vpc.substr(4));  // the default group of the VPC
  return out;
}

bool is_type(const std::string& text) {
  const auto dot = text.find('.');
  return dot != std::string::npos && dot > 1 && dot + 1 < text.size() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
}

std::optional<Answer> wrong_launch(const Cloud& cloud, const Request& request) {
  const Fields& form = request.form;
  const std::string image = form.text("ImageId");
  if (image.empty()) return missing("imageId");
  if (!image.starts_with("ami-")) {
    return refused(400, "InvalidAMIID.Malformed", "Invalid id: \"" + image + "\"");
  }
  if (!is_type(form.text("InstanceType"))) {
    return invalid_value("InstanceType", form.text("InstanceType"), "");
  }
  if (form.text("MinCount") != "1" || form.text("MaxCount") != "1") {
    return invalid_value("MaxCount", form.text("MaxCount"), "One instance at a time, here.");
  }
  const auto data = base64_decode(form.text("UserData"));
  if (!data || data->size() > kMostUserData) {
    return refused(400, "InvalidParameterValue", "Invalid BASE64 encoding of user data.");
  }
  if (form.text("SubnetId").empty()) {
    return refused(400, "VPCIdNotSpecified", "No default VPC for this user");
  }
  return profile_name(request).empty() ? std::nullopt : wrong_profile(cloud, request);
}

JsonArray volumes_of(Cloud& cloud, const Fields& form) {
  JsonArray out;
  for (int i = 1; i <= form.count("BlockDeviceMapping"); ++i) {
    const std::string at = "BlockDeviceMapping." + std::to_string(i) + ".";
    const std::string goes = form.text(at + "Ebs.DeleteOnTermination");
    out.push_back(JsonObject{{"DeviceName", form.text(at + "DeviceName")},
                             {"VolumeId", "vol-0" + hex(cloud.ids, 16)},
                             {"DeleteOnTermination", goes.empty() ? "true" : goes}});
  }
  return out;
}

Answer no_capacity() {
  return refused(500, "InsufficientInstanceCapacity",
                 "We currently do not have sufficient capacity in the Availability Zone you "
                 "requested.");
}

// AWS itself terminates what it could not launch.
void fail_later(Cloud& cloud, Thing& instance) {
  cloud.timeline.after(instance.ready_at - cloud.now(), [&cloud, &instance] {
    if (!instance.live) return;
    instance.live = false;
    Cloud::bury(instance, cloud.now() + kListed);
    cloud.note({.service = "ec2", .operation = "(actor)"}, instance, Cloud::Change::kRemoved);
  });
}

JsonObject new_profile(Cloud& cloud, const std::string& name) {
  const Duration until = cloud.now() + cloud.takes(seconds(5), minutes(2));
  JsonObject out = phase(until, "associating", "associated");
  out["AssociationId"] = "iip-assoc-0" + hex(cloud.ids, 16);
  out["Name"] = name;
  return out;
}

Json monitoring(bool on) {
  return on ? phase({}, "pending", "enabled") : phase({}, "disabling", "disabled");
}

Thing& add_instance(Cloud& cloud, const Request& request, const Thing& subnet, JsonArray groups) {
  const Fields& form = request.form;
  const std::string id = new_id(cloud, kInstance);
  const Json& network = subnet.truth("core");
  const auto neighbours = std::uint32_t(cloud.things.size()) % 200;
  const auto range = *AddressRange::parse(text_at(network, "CidrBlock"));
  Thing& instance = cloud.add(request, kInstance.name, here(request), id);
  cloud.give(instance, "core",
             JsonObject{{"InstanceId", id},
                        {"ImageId", form.text("ImageId")},
                        {"KeyName", form.text("KeyName")},
                        {"SubnetId", subnet.id},
                        {"VpcId", text_at(network, "VpcId")},
                        {"AvailabilityZone", text_at(network, "AvailabilityZone")},
                        {"PrivateIpAddress", address_text(range.first() + 4 + neighbours)},
                        {"UserData", form.text("UserData")},
                        {"Volumes", volumes_of(cloud, form)},
                        {"ClientToken", form.text("ClientToken")},
                        {"Asked", asked(request)}});
  cloud.give(instance, kGroups, std::move(groups));
  cloud.give(instance, kType, Json(form.text("InstanceType")));
  cloud.give(instance, kOptimized, form.text("EbsOptimized") == "true");
  cloud.give(instance, kProtected, form.text("DisableApiTermination") == "true");
  cloud.give(instance, kMonitoring, monitoring(form.text("Monitoring.Enabled") == "true"));
  cloud.give(instance, kLaunched, Json(iso_time(cloud.wall())));
  const std::string profile = profile_name(request);
  cloud.give(instance, kProfile, profile.empty() ? Json() : Json(new_profile(cloud, profile)));
  return instance;
}

Answer launched(const Cloud& cloud, const Request& request, const Thing& instance) {
  XmlWriter xml;
  xml.text("reservationId", "r-" + instance.id.substr(2)).text("ownerId", instance.account);
  xml.open("instancesSet").open("item");
  write_instance(xml, cloud, instance, request.replica);
  write_tags(xml, instance.truth("tags").as_object());
  return done(xml.close().close().take());
}

Answer run(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(
          request,
          {"MinCount", "MaxCount", "ClientToken", "ImageId", "InstanceType", "KeyName", "SubnetId",
           "SecurityGroupId", "IamInstanceProfile", "UserData", "EbsOptimized",
           "DisableApiTermination", "Monitoring", "BlockDeviceMapping", "TagSpecification"})) {
    return *wrong;
  }
  if (const Thing* before = made_with(cloud, request, request.form.text("ClientToken"))) {
    if (text_at(before->truth("core"), "Asked") == asked(request)) {
      return launched(cloud, request, *before);
    }
    return refused(400, "IdempotentParameterMismatch",
                   "The client token was used before with other parameters");
  }
  if (auto wrong = wrong_launch(cloud, request)) return *wrong;
  const auto subnet = writable(cloud, request, kSubnet);
  if (!subnet) return subnet.error();
  auto groups =
      groups_of(cloud, request, "SecurityGroupId", text_at((*subnet)->truth("core"), "VpcId"));
  if (!groups) return groups.error();
  const auto tags = tags_to_create(request, kInstance);
  if (!tags) return tags.error();
  const bool fails = cloud.fails();
  if (fails && cloud.operations.chance(0.5)) return no_capacity();
  Thing& instance = add_instance(cloud, request, **subnet, std::move(*groups));
  cloud.give(instance, "tags", *tags);
  instance.ready_at = cloud.now() + cloud.takes(seconds(20), minutes(5));
  JsonObject birth = phase(instance.ready_at, "pending", fails ? "terminated" : "running");
  if (fails) birth["Why"] = "Server.InternalError";
  cloud.give(instance, kState, std::move(birth));
  if (fails) fail_later(cloud, instance);
  cloud.note(request.call, instance, Cloud::Change::kCreated);
  return launched(cloud, request, instance);
}

Or<std::vector<Thing*>> named(Cloud& cloud, const Request& request) {
  std::vector<Thing*> out;
  for (const std::string& id : request.form.list("InstanceId")) {
    const auto instance = writable(cloud, request, kInstance, id);
    if (!instance) return std::unexpected(instance.error());
    out.push_back(*instance);
  }
  if (out.empty()) return std::unexpected(missing("InstanceId"));
  return out;
}

// From which states an instance goes where; in the idle ones there is nothing to do.
struct Move {
  const char* verb;
  std::vector<std::string_view> from;
  std::vector<std::string_view> idle;
  const char* during;
  const char* then;
};
const Move kStop{"stopped", {"running"}, {"stopping", "stopped"}, "stopping", "stopped"};
const Move kStart{"started", {"stopped"}, {"pending", "running"}, "pending", "running"};
const Move kTerminate{"terminated",
                      {"pending", "running", "stopping", "stopped"},
                      {"shutting-down", "terminated"},
                      "shutting-down",
                      "terminated"};

bool has(const std::vector<std::string_view>& states, const std::string& state) {
  return std::ranges::find(states, state) != states.end();
}

std::optional<Answer> wrong_move(const Cloud& cloud, const Thing& instance, const Move& move) {
  const std::string state = true_state(cloud, instance);
  if (!has(move.from, state) && !has(move.idle, state)) {
    return refused(400, "IncorrectInstanceState",
                   "The instance '" + instance.id + "' is not in a state from which it can be " +
                       move.verb + ".");
  }
  if (&move == &kTerminate && instance.truth(kProtected) == Json(true)) {
    return refused(400, "OperationNotPermitted",
                   "The instance '" + instance.id +
                       "' may not be terminated. Modify its 'disableApiTermination' instance "
                       "attribute and try again.");
  }
  return std::nullopt;
}

void carry_out(Cloud& cloud, const Request& request, Thing& instance, const Move& move) {
  const bool ends = &move == &kTerminate;
  if (has(move.from, true_state(cloud, instance))) {
    const Duration until = cloud.now() + cloud.takes(seconds(15), minutes(5));
    JsonObject next = phase(until, move.during, move.then);
    next["ByActor"] = request.call.access_key.empty();
    cloud.set(instance, kState, std::move(next));
    if (&move == &kStart) cloud.set(instance, kLaunched, Json(iso_time(cloud.wall())));
    if (ends) {
      instance.live = false;
      Cloud::bury(instance, until + kListed);
      cloud.note(request.call, instance, Cloud::Change::kRemoved);
      return;
    }
  }
  if (!ends) cloud.note(request.call, instance, Cloud::Change::kChanged);
}

Answer moved(Cloud& cloud, const Request& request, const Move& move) {
  if (auto wrong = unknown_parameter(request, {"InstanceId"})) return *wrong;
  const auto instances = named(cloud, request);
  if (!instances) return instances.error();
  for (const Thing* instance : *instances) {
    if (auto wrong = wrong_move(cloud, *instance, move)) return *wrong;
  }
  if (&move == &kStart && cloud.fails()) return no_capacity();
  XmlWriter xml;
  xml.open("instancesSet");
  for (Thing* instance : *instances) {
    xml.open("item").text("instanceId", instance->id);
    write_state(xml, "previousState", true_state(cloud, *instance));
    carry_out(cloud, request, *instance, move);
    write_state(xml, "currentState", true_state(cloud, *instance));
    xml.close();
  }
  return done(xml.close().take());
}

Answer monitored(Cloud& cloud, const Request& request, bool on) {
  if (auto wrong = unknown_parameter(request, {"InstanceId"})) return *wrong;
  const auto instances = named(cloud, request);
  if (!instances) return instances.error();
  XmlWriter xml;
  xml.open("instancesSet");
  for (Thing* instance : *instances) {
    Json now = monitoring(on);
    const bool already = text_at(instance->truth(kMonitoring), "Then") == text_at(now, "Then");
    if (!already) {
      now.as_object()["Until"] = (cloud.now() + cloud.takes(seconds(5), minutes(2))).count();
      cloud.set(*instance, kMonitoring, std::move(now));
    }
    cloud.note(request.call, *instance, Cloud::Change::kChanged);
    xml.open("item").text("instanceId", instance->id).open("monitoring");
    xml.text("state", word_of(cloud, instance->truth(kMonitoring))).close().close();
  }
  return done(xml.close().take());
}

Answer wrong_state(const Thing& instance, const std::string& wanted) {
  return refused(400, "IncorrectInstanceState",
                 "The instance '" + instance.id + "' is not in " + wanted + ".");
}

// One attribute in a call; two of them only while nothing runs.
Answer modify(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"InstanceId", "InstanceType", "EbsOptimized",
                                               "DisableApiTermination", "GroupId"})) {
    return *wrong;
  }
  const auto instance = writable(cloud, request, kInstance);
  if (!instance) return instance.error();
  const Fields& form = request.form;
  std::vector<std::pair<std::string_view, Json>> changes;
  if (form.has("InstanceType.Value")) changes.emplace_back(kType, form.text("InstanceType.Value"));
  for (const std::string_view part : {kOptimized, kProtected}) {
    const std::string name = std::string(part) + ".Value";
    if (form.has(name)) changes.emplace_back(part, form.text(name) == "true");
  }
  if (form.count("GroupId") > 0) {
    auto groups =
        groups_of(cloud, request, "GroupId", text_at((*instance)->truth("core"), "VpcId"));
    if (!groups) return groups.error();
    changes.emplace_back(kGroups, std::move(*groups));
  }
  if (changes.empty()) return missing("attribute");
  if (changes.size() > 1) {
    return refused(400, "InvalidParameterCombination",
                   "Fields for multiple attribute types specified");
  }
  auto& [part, value] = changes.front();
  const std::string state = true_state(cloud, **instance);
  if (state == "terminated") return wrong_state(**instance, "a state that can be modified");
  if ((part == kType || part == kOptimized) && state != "stopped") {
    return wrong_state(**instance, "the 'stopped' state");
  }
  if (part == kType && !is_type(text_at(value, ""))) {
    return invalid_value("instanceType", text_at(value, ""), "");
  }
  cloud.set(**instance, part, std::move(value));
  cloud.note(request.call, **instance, Cloud::Change::kChanged);
  return yes();
}

Answer describe_attribute(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"InstanceId", "Attribute"})) return *wrong;
  const auto instance = readable(cloud, request, kInstance, request.form.text("InstanceId"));
  if (!instance) return instance.error();
  const std::string wanted = request.form.text("Attribute");
  if (wanted != "disableApiTermination") return invalid_value("attribute", wanted, "");
  XmlWriter xml;
  xml.text("instanceId", (*instance)->id).open(wanted);
  xml.boolean("value", cloud.details(**instance, kProtected, request.replica) == Json(true));
  return done(xml.close().take());
}

Answer console_output(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"InstanceId"})) return *wrong;
  const auto instance = readable(cloud, request, kInstance, request.form.text("InstanceId"));
  if (!instance) return instance.error();
  XmlWriter xml;
  xml.text("instanceId", (*instance)->id);
  xml.text("timestamp", text_at((*instance)->truth(kLaunched), ""));
  if (cloud.now() >= (*instance)->ready_at) xml.text("output", base64_encode("It has started.\n"));
  return done(xml.take());
}

void write_association(XmlWriter& xml, const Cloud& cloud, const Thing& instance,
                       const Json& profile) {
  xml.text("associationId", text_at(profile, "AssociationId")).text("instanceId", instance.id);
  write_profile(xml, instance, profile);
  xml.text("state", word_of(cloud, profile));
}

Answer describe_associations(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"Filter", "NextToken", "MaxResults"})) return *wrong;
  const auto filters = read_filters(request.form);
  for (const Filter& filter : filters) {
    if (filter.name != "instance-id" && filter.name != "state") return unknown_filter(filter.name);
  }
  Texts items;
  for (const auto& thing : cloud.things) {
    const bool ours = thing->kind == kInstance.name && thing->account == request.account &&
                      thing->region == request.region;
    if (!ours || !thing->visible(View::kList, request.replica, cloud.now())) continue;
    const Json& profile = cloud.details(*thing, kProfile, request.replica);
    if (profile.is_null() || true_state(cloud, *thing) == "terminated") continue;
    const bool wanted = std::ranges::all_of(filters, [&](const Filter& filter) {
      return fits(filter, {filter.name == "state" ? word_of(cloud, profile) : thing->id});
    });
    if (!wanted) continue;
    XmlWriter xml;
    write_association(xml, cloud, *thing, profile);
    items.push_back(xml.take());
  }
  return listed(cloud, request, "iamInstanceProfileAssociationSet", items);
}

Answer association(Cloud& cloud, const Request& request, Thing& instance, const Json& shown) {
  cloud.note(request.call, instance, Cloud::Change::kChanged);
  XmlWriter xml;
  xml.open("iamInstanceProfileAssociation");
  write_association(xml, cloud, instance, shown);
  return done(xml.close().take());
}

Answer give_profile(Cloud& cloud, const Request& request, Thing& instance) {
  cloud.set(instance, kProfile, new_profile(cloud, profile_name(request)));
  return association(cloud, request, instance, instance.truth(kProfile));
}

Answer associate(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"InstanceId", "IamInstanceProfile"})) return *wrong;
  const auto instance = writable(cloud, request, kInstance);
  if (!instance) return instance.error();
  if (auto wrong = wrong_profile(cloud, request)) return *wrong;
  const std::string state = true_state(cloud, **instance);
  if (state != "running" && state != "stopped") {
    return wrong_state(**instance, "the 'running' or 'stopped' states");
  }
  if (!(*instance)->truth(kProfile).is_null()) {
    return refused(400, "IncorrectState",
                   "There is an existing association for instance " + (*instance)->id);
  }
  return give_profile(cloud, request, **instance);
}

// The instance with the association that a request names.
Or<Thing*> associated(const Cloud& cloud, const Request& request) {
  const std::string id = request.form.text("AssociationId");
  if (id.empty()) return std::unexpected(missing("AssociationId"));
  const auto found = std::ranges::find_if(cloud.things, [&](const auto& thing) {
    return thing->kind == kInstance.name && thing->live && thing->account == request.account &&
           thing->region == request.region &&
           text_at(thing->truth(kProfile), "AssociationId") == id;
  });
  if (found != cloud.things.end()) return found->get();
  return std::unexpected(refused(400, "InvalidAssociationID.NotFound",
                                 "The association ID '" + id + "' does not exist"));
}

// Only of what runs.
Answer replace_association(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"AssociationId", "IamInstanceProfile"})) {
    return *wrong;
  }
  const auto instance = associated(cloud, request);
  if (!instance) return instance.error();
  if (auto wrong = wrong_profile(cloud, request)) return *wrong;
  const bool active = word_of(cloud, (*instance)->truth(kProfile)) == "associated";
  if (!active || true_state(cloud, **instance) != "running") {
    return refused(
        400, "IncorrectState",
        "The association " + request.form.text("AssociationId") + " is not the active association");
  }
  return give_profile(cloud, request, **instance);
}

Answer disassociate(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"AssociationId"})) return *wrong;
  const auto instance = associated(cloud, request);
  if (!instance) return instance.error();
  const Json last = (*instance)->truth(kProfile);
  cloud.set(**instance, kProfile, nullptr);
  return association(cloud, request, **instance, last);
}

}  // namespace

const Kind kInstance{.name = "EC2Instance",
                     .prefix = "i-",
                     .words = "instance ID",
                     .parameter = "InstanceId",
                     .type = "instance",
                     .set = "reservationSet",
                     .within = "instancesSet",
                     .not_found = "InvalidInstanceID.NotFound",
                     .malformed = "InvalidInstanceID.Malformed",
                     .write = write_instance,
                     .filtered = filtered_by};

bool has_instance(const Cloud& cloud, const Thing& subnet) {
  return std::ranges::any_of(cloud.things, [&](const auto& thing) {
    return thing->kind == kInstance.name && thing->account == subnet.account &&
           text_at(thing->truth("core"), "SubnetId") == subnet.id &&
           true_state(cloud, *thing) != "terminated";
  });
}

bool is_in_use(const Cloud& cloud, const Thing& group) {
  return std::ranges::any_of(cloud.things, [&](const auto& thing) {
    if (thing->kind != kInstance.name || thing->account != group.account) return false;
    const JsonArray& groups = thing->truth(kGroups).as_array();
    return std::ranges::find(groups, Json(group.id)) != groups.end() &&
           true_state(cloud, *thing) != "terminated";
  });
}

std::optional<Answer> serve_instances(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "RunInstances") return run(cloud, request);
  if (operation == "DescribeInstances") return describe(cloud, request, kInstance);
  if (operation == "StopInstances") return moved(cloud, request, kStop);
  if (operation == "StartInstances") return moved(cloud, request, kStart);
  if (operation == "TerminateInstances") return moved(cloud, request, kTerminate);
  if (operation == "MonitorInstances") return monitored(cloud, request, true);
  if (operation == "UnmonitorInstances") return monitored(cloud, request, false);
  if (operation == "ModifyInstanceAttribute") return modify(cloud, request);
  if (operation == "DescribeInstanceAttribute") return describe_attribute(cloud, request);
  if (operation == "GetConsoleOutput") return console_output(cloud, request);
  if (operation == "DescribeIamInstanceProfileAssociations") {
    return describe_associations(cloud, request);
  }
  if (operation == "AssociateIamInstanceProfile") return associate(cloud, request);
  if (operation == "ReplaceIamInstanceProfileAssociation") {
    return replace_association(cloud, request);
  }
  if (operation == "DisassociateIamInstanceProfile") return disassociate(cloud, request);
  return std::nullopt;
}

}  // namespace ec2

Json instance_state(const Cloud& cloud, const Thing& thing) {
  JsonObject out = thing.truth("core").as_object();
  for (const std::string_view part :
       {ec2::kGroups, ec2::kType, ec2::kOptimized, ec2::kProtected, ec2::kLaunched}) {
    out[part] = thing.truth(part);
  }
  const std::string state = ec2::true_state(cloud, thing);
  const bool stopped = state == "stopping" || state == "stopped";
  out["State"] = state;
  out["StoppedByUs"] = stopped && thing.truth(ec2::kState).at("ByActor") == Json(false);
  out["Monitoring"] = ec2::word_of(cloud, thing.truth(ec2::kMonitoring));
  out["Profile"] = text_at(thing.truth(ec2::kProfile), "Name");
  return out;
}

}  // namespace infra::sim
