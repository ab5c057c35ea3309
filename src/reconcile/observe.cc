// Observe: what AWS says about one resource. Any part that cannot be read fails the whole, so that
// a plan is never made from half a picture.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/side_by_side.h"
#include "planning/form.h"
#include "planning/path.h"
#include "planning/template.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

using definition::Facet;
using planning::Observed;

bool means(const Error& error, const std::vector<std::string>& codes) {
  return std::ranges::find(codes, error.remote_code) != codes.end();
}

// A facet that is read for status alone.
bool only_shows(const definition::Definition& definition, const Facet& facet) {
  return facet.fields.empty() && facet.remembered.empty() &&
         std::ranges::any_of(definition.status,
                             [&facet](const auto& status) { return status.in == facet.name; });
}

bool is_wanted(const Engine::Pass& pass, const Facet& facet) {
  if (facet.read.operation.empty() || pass.desired.deleting) return false;
  if (!definition::holds(facet.condition, pass.desired.spec)) return false;
  return planning::in_use(facet, pass.desired.spec) || only_shows(pass.definition, facet);
}

// One that is read after the first, which says whether there is a resource at all.
bool is_part(const Engine::Pass& pass, const Facet& facet) {
  return &facet != &pass.definition.facets.front() && is_wanted(pass, facet);
}

bool is_wanted(const Engine::Pass& pass, const definition::ChildSet& set) {
  const auto& desired = pass.desired;
  if (desired.deleting && !set.remove_first) return false;
  return planning::in_use(set, desired.spec, desired.status);
}

// What AWS has accepted and not done yet counts as done.
void fold(const Facet& facet, Json& part) {
  if (facet.fold.empty()) return;
  const auto pending = planning::read_path(part, facet.fold);
  if (!pending || !pending->is_object()) return;
  for (const auto& member : pending->get_object()) {
    part.get_object()[member.key()] = member.value();
  }
}

bool counts_as_absent(const Engine::Pass& pass, const Json& resource) {
  const auto& states = pass.definition.states;
  return std::ranges::find(states.absent, planning::state_of(states, resource)) !=
         states.absent.end();
}

// "Vpcs[0].VpcId" names the first match; this names the next.
std::optional<Json> second_match(const Json& answer, std::string path) {
  const auto first = path.find("[0]");
  if (first == std::string::npos) return std::nullopt;
  return planning::read_path(answer, path.replace(first, 3, "[1]"));
}

planning::TagMap tags_of(const definition::Tags& shape, const std::optional<Json>& answer) {
  planning::TagMap out;
  if (!answer) return out;
  if (answer->is_object()) {
    for (const auto& member : answer->get_object()) {
      if (member.value().is_string()) out[member.key()] = member.value().get_string().c_str();
    }
  } else if (answer->is_array()) {
    for (const Json& item : answer->get_array()) {
      out[text_at(item, shape.key)] = text_at(item, shape.value);
    }
  }
  return out;
}

Json input_of(const Engine::Pass& pass, const definition::Call& call) {
  return planning::fill(call.input, [&pass](std::string_view name) { return pass.lookup(name); });
}

const std::string& service_of(const Engine::Pass& pass, const definition::Call& call) {
  return call.service.empty() ? pass.definition.service : call.service;
}

// What an answer is kept by.
std::string question(const Engine::Pass& pass, const definition::Call& call) {
  return service_of(pass, call) + " " + call.operation + " " +
         boost::json::serialize(input_of(pass, call));
}

}  // namespace

void forget_changed(Engine::Pass& pass, const planning::Plan& plan) {
  const auto& definition = pass.definition;
  const auto forget = [&pass](const definition::Call& read) {
    pass.answers.erase(question(pass, read));
  };
  bool first_too = !definition.states.at.empty();
  for (const Facet& facet : definition.facets) {
    const bool written = std::ranges::find(plan.facets, facet.name) != plan.facets.end();
    if (written && !facet.read.operation.empty()) forget(facet.read);
  }
  for (const auto& set : definition.sets) {
    if (!plan.sets.contains(set.field)) continue;
    if (set.read) forget(*set.read);
    if (!set.read) first_too = true;
  }
  if (!plan.set_tags.empty() || !plan.remove_tags.empty()) {
    if (definition.tags->read) forget(*definition.tags->read);
    if (!definition.tags->read) first_too = true;
  }
  if (first_too) forget(definition.facets.front().read);
}

Task<Result<Json>> Engine::invoke(Pass& pass, const definition::Call& call, Cloud::Intent intent) {
  Json input = input_of(pass, call);
  auto answer =
      co_await pass.cloud.call(service_of(pass, call), call.operation, std::move(input), intent);
  co_return answer;
}

Task<Result<Json>> Engine::read(Pass& pass, const definition::Call& call, Pages pages) {
  Json input = input_of(pass, call);
  Task<Result<Json>> reading =
      pages == Pages::kAll
          ? pass.cloud.call_all_pages(service_of(pass, call), call.operation, std::move(input))
          : pass.cloud.call(service_of(pass, call), call.operation, std::move(input),
                            Cloud::Intent::kRead);
  auto answer = co_await std::move(reading);
  co_return answer;
}

// A read within observe(): what are parts of one answer share it.
// A page may be empty and not the last, so all of them are read.
Task<Result<Json>> Engine::look(Pass& pass, const definition::Call& call,
                                const definition::Together* together) {
  const std::string asked = question(pass, call);
  const auto known = pass.answers.find(asked);
  if (known != pass.answers.end()) co_return known->second;
  Task<Result<Json>> reading =
      together == nullptr ? read(pass, call, Pages::kAll)
                          : pass.cloud.read_together(service_of(pass, call), call.operation,
                                                     input_of(pass, call), *together, pass.id);
  auto answer = co_await std::move(reading);
  pass.answers.insert_or_assign(asked, answer);
  co_return answer;
}

// A write. Of what AWS refuses, the definition may say that it means something else.
Task<Result<Json>> Engine::send(Pass& pass, const definition::Call& call, Cloud::Intent intent) {
  auto answer = co_await invoke(pass, call, intent);
  if (answer) co_return answer;
  Error error = answer.error();
  if (means(error, call.done)) co_return Json(JsonObject{});
  if (means(error, call.later)) error.code = Code::kBusy;
  const auto blocked = call.blocked.find(error.remote_code);
  if (blocked != call.blocked.end()) {
    error.code = Code::kBlocked;
    error.message = blocked->second + " (" + error.message + ")";
  }
  co_return std::unexpected(std::move(error));
}

Task<Result<std::string>> Engine::find_lost(Pass& pass) {
  const auto& identity = pass.definition.identity;
  if (!identity.find) co_return std::string{};
  auto answer = co_await read(pass, *identity.find, Pages::kAll);
  if (!answer) {
    if (means(answer.error(), identity.find_absent)) co_return std::string{};
    co_return std::unexpected(answer.error().in("cannot look for the resource"));
  }
  auto id = planning::read_path(*answer, identity.find_id);
  if (!id || !id->is_string()) co_return std::string{};
  const auto second = second_match(*answer, identity.find_id);
  if (second && second->is_string()) {
    co_return fail(Code::kInvalid,
                   fmt::format("{} and {} both carry this object's owner tag; take "
                               "it off the one that is not to be looked after",
                               id->get_string().c_str(), second->get_string().c_str()));
  }
  co_return std::string(id->get_string());
}

Task<Result<void>> Engine::read_facet(Pass& pass, const Facet& facet) {
  const definition::Together* together = facet.together ? &*facet.together : nullptr;
  auto answer = co_await look(pass, facet.read, together);
  if (!answer && means(answer.error(), facet.empty)) answer = Json(JsonObject{});
  Json& seen = pass.observed.facets[facet.name];
  seen = nullptr;  // read, and not there
  if (!answer) {
    if (means(answer.error(), facet.absent)) co_return Result<void>{};
    Error error = answer.error().in("cannot read " + facet.name);
    const bool explain = error.code == Code::kDenied && !facet.denied.empty();
    if (explain) error.message += "; " + facet.denied;
    co_return std::unexpected(std::move(error));
  }
  auto part = planning::read_path(*answer, facet.result);
  if (part) fold(facet, *part);
  if (part) seen = std::move(*part);
  co_return Result<void>{};
}

// Into pass.observed, which an earlier look of this pass may have filled.
Task<Result<void>> Engine::observe(Pass& pass) {
  pass.observed = Observed{};
  pass.observed.id = pass.id;
  if (pass.id.empty()) co_return Result<void>{};
  const Facet& first = pass.definition.facets.front();
  auto read = co_await read_facet(pass, first);
  if (!read) co_return read;
  const Json& resource = pass.observed.facets[first.name];
  pass.observed.ended = !resource.is_null() && counts_as_absent(pass, resource);
  if (resource.is_null() || pass.observed.ended) co_return Result<void>{};
  pass.observed.present = true;
  pass.observed.resource = resource;
  co_await look_at_all(pass);
  auto rest = co_await observe_facets(pass);
  if (!rest) co_return rest;
  auto sets = co_await observe_sets(pass);
  if (!sets) co_return sets;
  auto tags = co_await observe_tags(pass);
  co_return tags;
}

// Asks side by side for what is read below one after the other, and finds its answers then.
Task<void> Engine::look_at_all(Pass& pass) {
  const auto& definition = pass.definition;
  std::map<std::string, const definition::Call*> calls;  // by question: parts may share an answer
  for (const Facet& facet : definition.facets) {
    if (is_part(pass, facet)) calls[question(pass, facet.read)] = &facet.read;
  }
  for (const auto& set : definition.sets) {
    if (set.read && is_wanted(pass, set)) calls[question(pass, *set.read)] = &*set.read;
  }
  if (definition.tags && definition.tags->read) {
    calls[question(pass, *definition.tags->read)] = &*definition.tags->read;
  }
  std::vector<Task<void>> looks;
  for (const auto& [asked, call] : calls) {
    if (!pass.answers.contains(asked)) looks.push_back(look_ahead(&pass, call));
  }
  if (looks.size() > 1) co_await side_by_side(std::move(looks));
}

Task<void> Engine::look_ahead(Pass* pass, const definition::Call* call) {
  co_await look(*pass, *call);
}

Task<Result<void>> Engine::observe_facets(Pass& pass) {
  for (const Facet& facet : pass.definition.facets) {
    if (!is_part(pass, facet)) continue;
    auto read = co_await read_facet(pass, facet);
    if (!read) co_return read;
  }
  co_return Result<void>{};
}

Task<Result<void>> Engine::observe_sets(Pass& pass) {
  for (const auto& set : pass.definition.sets) {
    if (!is_wanted(pass, set)) continue;
    Result<Json> answer = pass.observed.resource;
    if (set.read) answer = co_await look(pass, *set.read);
    if (!answer) co_return std::unexpected(answer.error().in("cannot read " + set.field));
    const auto items = planning::read_path(*answer, set.items);
    auto& found = pass.observed.sets[set.field];
    found = planning::found_items(pass.definition, set, items.value_or(nullptr));
    auto detailed = co_await read_details(pass, set, found);
    if (!detailed) co_return detailed;
  }
  co_return Result<void>{};
}

// Of what is declared, and can be changed, the rest of its settings.
Task<Result<void>> Engine::read_details(Pass& pass, const definition::ChildSet& set,
                                        std::vector<planning::Item>& found) {
  if (!set.detail || pass.desired.deleting) co_return Result<void>{};
  const auto wanted = planning::declared_items(pass.definition, set, pass.desired.spec);
  for (auto& item : found) {
    const bool declared = std::ranges::find(wanted, item.key, &planning::Item::key) != wanted.end();
    if (!declared || planning::is_pending(set, item.found)) continue;
    pass.found = item.found;
    auto answer = co_await read(pass, *set.detail, Pages::kFirst);
    if (!answer) co_return std::unexpected(answer.error().in("cannot read " + set.field));
    const auto more = planning::read_path(*answer, set.detail_at);
    if (!more || !more->is_object()) continue;
    for (const auto& member : more->get_object()) {
      item.found.get_object()[member.key()] = member.value();
    }
    item = planning::found_item(pass.definition, set, item.found);
  }
  co_return Result<void>{};
}

Task<Result<void>> Engine::observe_tags(Pass& pass) {
  Observed& observed = pass.observed;
  if (!pass.definition.tags) co_return Result<void>{};
  const auto& tags = *pass.definition.tags;
  if (!tags.read) {
    observed.tags = tags_of(tags, planning::read_path(observed.resource, tags.read_at));
    co_return Result<void>{};
  }
  auto answer = co_await look(pass, *tags.read);
  if (!answer) {
    if (means(answer.error(), tags.absent)) co_return Result<void>{};
    Error error = answer.error().in("cannot read tags");
    if (means(error, tags.read->later)) error.code = Code::kBusy;
    co_return std::unexpected(std::move(error));
  }
  observed.tags = tags_of(tags, planning::read_path(*answer, tags.result));
  co_return Result<void>{};
}

}  // namespace infra::reconcile
