#include "aws/ec2.h"

#include <algorithm>
#include <array>
#include <utility>

#include "aws/paging.h"

namespace infra::sim {
namespace ec2 {
namespace {

const std::array kKinds{&kVpc,        &kSubnet,        &kAddress,    &kInternetGateway,
                        &kNatGateway, &kSecurityGroup, &kRouteTable, &kInstance};

Answer not_there(const Kind& kind, const std::string& id) {
  return refused(400, std::string(kind.not_found),
                 "The " + std::string(kind.words) + " '" + id + "' does not exist");
}

bool well_formed(const Kind& kind, const std::string& id) {
  return id.starts_with(kind.prefix) && id.size() > kind.prefix.size() &&
         id.find_first_not_of("0123456789abcdef", kind.prefix.size()) == std::string::npos;
}

Answer malformed(const Kind& kind, const std::string& id) {
  return refused(400, std::string(kind.malformed), "Invalid id: \"" + id + "\"");
}

// Tag.1.Key, Tag.1.Value and so on. Without a value: null, which DeleteTags tells from an empty
// one.
JsonObject read_tags(const Fields& form, const std::string& prefix) {
  JsonObject out;
  for (int i = 1; i <= form.count(prefix); ++i) {
    const std::string at = prefix + "." + std::to_string(i) + ".";
    if (!form.has(at + "Key")) continue;
    out[form.text(at + "Key")] =
        form.has(at + "Value") ? Json(form.text(at + "Value")) : Json(nullptr);
  }
  return out;
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  for (const auto& tag : tags) {
    const std::string key(tag.key());
    if (key.starts_with("aws:")) {
      return refused(400, "InvalidParameterValue",
                     "Value ( " + key +
                         " ) for parameter key is invalid. Tag keys starting with "
                         "'aws:' are reserved for internal use");
    }
    if (key.empty() || key.size() > 127 || text_at(tag.value(), "").size() > 255) {
      return refused(400, "InvalidParameterValue", "Tag key or value has a length out of bounds");
    }
  }
  if (tags.size() > 50) return refused(400, "TagLimitExceeded", "More than 50 tags");
  return std::nullopt;
}

// '*' and '?' stand for any text and any one character.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (matches(pattern.substr(1), text.substr(skip))) return true;
    }
    return false;
  }
  if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
  return matches(pattern.substr(1), text.substr(1));
}

// One question for things: of which kind, by which view, as whom.
struct Question {
  Cloud& cloud;
  const Request& request;
  const Kind& kind;
  View view;
  std::vector<Filter> filters;

  // Tags in lists come as late as the lists themselves.
  const JsonObject& tags(const Thing& thing) const {
    const View of = view == View::kList ? View::kList : View::kDetails;
    return cloud.tags(thing, of, request.replica);
  }
};

// What a filter compares; nothing: there is no such filter.
std::optional<Texts> filtered_by(const Question& question, const Thing& thing,
                                 const std::string& name) {
  const JsonObject& tags = question.tags(thing);
  Texts out;
  if (name.starts_with("tag:")) {
    if (const Json* value = tags.if_contains(name.substr(4))) out.push_back(text_at(*value, ""));
    return out;
  }
  if (name == "tag-key") {
    for (const auto& tag : tags) out.emplace_back(tag.key());
    return out;
  }
  return question.kind.filtered(question.cloud, thing, name, question.request.replica);
}

bool passes(const Question& question, const Thing& thing) {
  return std::ranges::all_of(question.filters, [&](const Filter& filter) {
    return fits(filter, *filtered_by(question, thing, filter.name));
  });
}

std::optional<Answer> wrong_filter(const Question& question) {
  const Thing example{};
  for (const Filter& filter : question.filters) {
    if (!filtered_by(question, example, filter.name)) return unknown_filter(filter.name);
  }
  return std::nullopt;
}

Answer described(const Question& question, const std::vector<const Thing*>& found) {
  Texts items;
  for (const Thing* thing : found) {
    XmlWriter xml;
    const std::string_view within = question.kind.within;
    if (!within.empty()) xml.open(within).open("item");
    question.kind.write(xml, question.cloud, *thing, question.request.replica);
    write_tags(xml, question.tags(*thing));
    if (!within.empty()) xml.close().close();
    items.push_back(xml.take());
  }
  return listed(question.cloud, question.request, question.kind.set, items);
}

// No pages are cut where there can be none.
Answer described_whole(const Question& question, const std::vector<const Thing*>& found) {
  const double cut = std::exchange(question.cloud.behaviour.short_pages, 0);
  Answer answer = described(question, found);
  question.cloud.behaviour.short_pages = cut;
  return answer;
}

Answer describe_by_id(const Question& question, const Texts& ids) {
  if (question.request.form.has("MaxResults")) {
    return refused(400, "InvalidParameterCombination",
                   "Ids cannot be used with the parameter maxResults");
  }
  std::vector<const Thing*> found;
  for (const std::string& id : ids) {
    const auto thing = readable(question.cloud, question.request, question.kind, id);
    if (!thing) return thing.error();
    if (passes(question, **thing)) found.push_back(*thing);
  }
  return described_whole(question, found);
}

Answer describe_all(const Question& question) {
  const Request& request = question.request;
  std::vector<const Thing*> found;
  for (const auto& thing : question.cloud.things) {
    const bool ours = thing->kind == question.kind.name && thing->account == request.account &&
                      thing->region == request.region;
    if (!ours || !thing->visible(View::kList, request.replica, question.cloud.now())) continue;
    if (passes(question, *thing)) found.push_back(thing.get());
  }
  return question.kind.paged ? described(question, found) : described_whole(question, found);
}

// The things that a tag call names; AWS refuses the whole call if one of them is not there.
Or<std::vector<Thing*>> find_tagged(Cloud& cloud, const Request& request) {
  const auto ids = request.form.list("ResourceId");
  if (ids.empty()) return std::unexpected(missing("resourceIdSet"));
  std::vector<Thing*> found;
  for (const std::string& id : ids) {
    const auto kind = std::ranges::find_if(
        kKinds, [&id](const Kind* one) { return id.starts_with(one->prefix); });
    if (kind == kKinds.end()) {
      return std::unexpected(refused(400, "InvalidID", "The ID '" + id + "' is not valid"));
    }
    const auto thing = writable(cloud, request, **kind, id);
    if (!thing) return std::unexpected(thing.error());
    found.push_back(*thing);
  }
  return found;
}

}  // namespace

Answer missing(const std::string& name) {
  return refused(400, "MissingParameter", "The request must contain the parameter " + name);
}

Answer invalid_value(const std::string& name, const std::string& value, const std::string& why) {
  return refused(400, "InvalidParameterValue",
                 "Value (" + value + ") for parameter " + name + " is invalid. " + why);
}

Answer unknown_filter(const std::string& name) {
  return refused(400, "InvalidParameterValue", "The filter '" + name + "' is invalid");
}

Answer yes() { return done("<return>true</return>"); }

std::vector<Filter> read_filters(const Fields& form) {
  std::vector<Filter> out;
  for (int i = 1; i <= form.count("Filter"); ++i) {
    const std::string at = "Filter." + std::to_string(i) + ".";
    out.push_back({form.text(at + "Name"), form.list(at + "Value")});
  }
  return out;
}

bool fits(const Filter& filter, const Texts& have) {
  return std::ranges::any_of(filter.values, [&have](const std::string& pattern) {
    return std::ranges::any_of(
        have, [&pattern](const std::string& text) { return matches(pattern, text); });
  });
}

Answer listed(Cloud& cloud, const Request& request, std::string_view set, const Texts& items) {
  const std::string most = request.form.text("MaxResults");
  const auto page = cut_page(cloud, request.form.text("NextToken"), items.size(),
                             most.empty() ? 1000 : std::size_t(std::atoi(most.c_str())));
  if (!page) return refused(400, "InvalidNextToken", "The token is invalid.");
  XmlWriter xml;
  xml.open(set);
  for (std::size_t i = page->first; i < page->last; ++i) {
    xml.open("item").raw(items[i]).close();
  }
  xml.close();
  if (!page->token.empty()) xml.text("nextToken", page->token);
  return done(xml.take());
}

std::optional<Answer> unknown_parameter(const Request& request,
                                        std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.form.all()) {
    const std::string_view top = std::string_view(name).substr(0, name.find('.'));
    if (top == "Action" || top == "Version" || top == "DryRun") continue;
    if (std::ranges::find(known, top) == known.end()) {
      return refused(400, "UnknownParameter", "The parameter " + name + " is not recognized");
    }
  }
  return std::nullopt;
}

Or<Thing*> writable(Cloud& cloud, const Request& request, const Kind& kind, const std::string& id) {
  if (id.empty()) return std::unexpected(missing(std::string(kind.parameter)));
  if (!well_formed(kind, id)) return std::unexpected(malformed(kind, id));
  Thing* thing = cloud.writable(kind.name, here(request), id, request.replica);
  if (thing == nullptr) return std::unexpected(not_there(kind, id));
  return thing;
}

Or<Thing*> writable(Cloud& cloud, const Request& request, const Kind& kind) {
  return writable(cloud, request, kind, request.form.text(kind.parameter));
}

Or<Thing*> readable(Cloud& cloud, const Request& request, const Kind& kind, const std::string& id) {
  if (id.empty()) return std::unexpected(missing(std::string(kind.parameter)));
  if (!well_formed(kind, id)) return std::unexpected(malformed(kind, id));
  Thing* thing = cloud.seen(kind.name, here(request), id, View::kById, request.replica);
  if (thing == nullptr) return std::unexpected(not_there(kind, id));
  return thing;
}

Or<JsonObject> tags_to_create(const Request& request, const Kind& kind) {
  for (int i = 1; i <= request.form.count("TagSpecification"); ++i) {
    const std::string type =
        request.form.text("TagSpecification." + std::to_string(i) + ".ResourceType");
    if (type != kind.type) {
      return std::unexpected(
          refused(400, "InvalidParameterValue",
                  "'" + type + "' is not a valid taggable resource type for this operation."));
    }
  }
  JsonObject tags = read_tags(request.form, "TagSpecification.1.Tag");
  if (auto wrong = wrong_tags(tags)) return std::unexpected(*wrong);
  return tags;
}

std::string new_id(Cloud& cloud, const Kind& kind) {
  return std::string(kind.prefix) + "0" + hex(cloud.ids, 16);
}

void write_tags(XmlWriter& xml, const JsonObject& tags) {
  if (tags.empty()) return;
  xml.open("tagSet");
  for (const auto& tag : tags) {
    xml.open("item").text("key", tag.key()).text("value", text_at(tag.value(), "")).close();
  }
  xml.close();
}

Answer describe(Cloud& cloud, const Request& request, const Kind& kind) {
  const auto wrong =
      kind.paged ? unknown_parameter(request, {kind.parameter, "Filter", "NextToken", "MaxResults"})
                 : unknown_parameter(request, {kind.parameter, "Filter"});
  if (wrong) return *wrong;
  const auto ids = request.form.list(std::string(kind.parameter));
  const Question question{.cloud = cloud,
                          .request = request,
                          .kind = kind,
                          .view = ids.empty() ? View::kList : View::kById,
                          .filters = read_filters(request.form)};
  if (auto refusal = wrong_filter(question)) return *refusal;
  return ids.empty() ? describe_all(question) : describe_by_id(question, ids);
}

Answer create_tags(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"ResourceId", "Tag"})) return *wrong;
  const JsonObject tags = read_tags(request.form, "Tag");
  if (tags.empty()) return missing("tagSet");
  if (auto wrong = wrong_tags(tags)) return *wrong;
  const auto found = find_tagged(cloud, request);
  if (!found) return found.error();
  for (Thing* thing : *found) {
    JsonObject all = thing->truth("tags").as_object();
    for (const auto& tag : tags) {
      all[tag.key()] = tag.value().is_null() ? Json("") : tag.value();
    }
    if (all.size() > 50) return refused(400, "TagLimitExceeded", "More than 50 tags");
    cloud.set(*thing, "tags", std::move(all));
    cloud.note(request.call, *thing, Cloud::Change::kChanged);
  }
  return yes();
}

Answer delete_tags(Cloud& cloud, const Request& request) {
  if (auto wrong = unknown_parameter(request, {"ResourceId", "Tag"})) return *wrong;
  const JsonObject tags = read_tags(request.form, "Tag");
  const auto found = find_tagged(cloud, request);
  if (!found) return found.error();
  for (Thing* thing : *found) {
    JsonObject all = thing->truth("tags").as_object();
    // No tags named: all go. A tag with a value goes only if it has that value.
    if (tags.empty()) all.clear();
    for (const auto& tag : tags) {
      const Json* have = all.if_contains(tag.key());
      if (have != nullptr && (tag.value().is_null() || same(*have, tag.value()))) {
        all.erase(tag.key());
      }
    }
    cloud.set(*thing, "tags", std::move(all));
    cloud.note(request.call, *thing, Cloud::Change::kChanged);
  }
  return yes();
}

}  // namespace ec2

Answer serve_ec2(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (operation == "CreateTags") return ec2::create_tags(cloud, request);
  if (operation == "DeleteTags") return ec2::delete_tags(cloud, request);
  for (const auto serve :
       {ec2::serve_vpcs, ec2::serve_subnets, ec2::serve_addresses, ec2::serve_internet_gateways,
        ec2::serve_nat_gateways, ec2::serve_security_groups, ec2::serve_route_tables,
        ec2::serve_instances}) {
    if (auto answer = serve(cloud, request)) return *answer;
  }
  return refused(400, "InvalidAction",
                 "The action " + operation + " is not valid for this web service.");
}

}  // namespace infra::sim
