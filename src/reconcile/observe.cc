// Observe: what AWS says about one resource. Any part that cannot be read fails the whole, so that
// a plan is never made from half a picture.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planning/form.h"
#include "planning/path.h"
#include "planning/template.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

using definition::Facet;
using planning::Observed;

bool means_absent(const Error& error, const std::vector<std::string>& codes) {
  return std::ranges::find(codes, error.remote_code) != codes.end();
}

bool is_declared(const Json& spec, const Facet& facet) {
  return std::ranges::any_of(
      facet.fields, [&spec](const std::string& name) { return find_path(spec, name) != nullptr; });
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

}  // namespace

Task<Result<Json>> Engine::invoke(Pass& pass, const definition::Call& call, Cloud::Intent intent) {
  Json input = input_of(pass, call);
  auto answer =
      co_await pass.cloud.call(service_of(pass, call), call.operation, std::move(input), intent);
  co_return answer;
}

Task<Result<Json>> Engine::read_all_pages(Pass& pass, const definition::Call& call) {
  Json input = input_of(pass, call);
  auto answer =
      co_await pass.cloud.call_all_pages(service_of(pass, call), call.operation, std::move(input));
  co_return answer;
}

Task<Result<std::string>> Engine::find_lost(Pass& pass) {
  const auto& identity = pass.definition.identity;
  if (!identity.find) co_return std::string{};
  auto answer = co_await read_all_pages(pass, *identity.find);
  if (!answer) {
    if (means_absent(answer.error(), identity.find_absent)) co_return std::string{};
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

Task<Result<void>> Engine::read_facet(Pass& pass, const Facet& facet, Observed& observed) {
  auto answer = co_await invoke(pass, facet.read, Cloud::Intent::kRead);
  if (!answer) {
    if (means_absent(answer.error(), facet.absent)) co_return Result<void>{};
    Error error = answer.error().in("cannot read " + facet.name);
    const bool explain = error.code == Code::kDenied && !facet.denied.empty();
    if (explain) error.message += "; " + facet.denied;
    co_return std::unexpected(std::move(error));
  }
  auto part = planning::read_path(*answer, facet.result);
  if (part) observed.facets[facet.name] = std::move(*part);
  co_return Result<void>{};
}

Task<Result<Observed>> Engine::observe(Pass& pass) {
  Observed observed;
  observed.id = pass.id;
  if (pass.id.empty()) co_return observed;
  const Facet& first = pass.definition.facets.front();
  auto read = co_await read_facet(pass, first, observed);
  if (!read) co_return std::unexpected(read.error());
  const auto found = observed.facets.find(first.name);
  if (found == observed.facets.end()) co_return observed;
  observed.present = true;
  observed.resource = found->second;
  pass.resource = found->second;
  auto rest = co_await observe_facets(pass, observed);
  if (!rest) co_return std::unexpected(rest.error());
  auto sets = co_await observe_sets(pass, observed);
  if (!sets) co_return std::unexpected(sets.error());
  auto tags = co_await observe_tags(pass, observed);
  if (!tags) co_return std::unexpected(tags.error());
  co_return observed;
}

Task<Result<void>> Engine::observe_facets(Pass& pass, Observed& observed) {
  const Facet& first = pass.definition.facets.front();
  for (const Facet& facet : pass.definition.facets) {
    if (&facet == &first || facet.read.operation.empty()) continue;
    if (pass.desired.deleting || !is_declared(pass.desired.spec, facet)) continue;
    const bool same_call = facet.read.operation == first.read.operation &&
                           same(facet.read.input, first.read.input) && facet.result == first.result;
    if (same_call) {
      observed.facets[facet.name] = observed.resource;
      continue;
    }
    auto read = co_await read_facet(pass, facet, observed);
    if (!read) co_return std::unexpected(read.error());
  }
  co_return Result<void>{};
}

Task<Result<void>> Engine::observe_sets(Pass& pass, Observed& observed) {
  for (const auto& set : pass.definition.sets) {
    if (find_path(pass.desired.spec, set.field) == nullptr) continue;
    auto answer = co_await read_all_pages(pass, set.read);
    if (!answer) co_return std::unexpected(answer.error().in("cannot read " + set.field));
    auto& values = observed.sets[set.field];
    const auto items = planning::read_path(*answer, set.items + "[]." + set.value);
    if (!items || !items->is_array()) continue;
    for (const Json& item : items->get_array()) {
      if (item.is_string()) values.emplace_back(item.get_string());
    }
  }
  co_return Result<void>{};
}

Task<Result<void>> Engine::observe_tags(Pass& pass, Observed& observed) {
  if (!pass.definition.tags) co_return Result<void>{};
  const auto& tags = *pass.definition.tags;
  if (!tags.read) {
    observed.tags = tags_of(tags, planning::read_path(observed.resource, tags.read_at));
    co_return Result<void>{};
  }
  auto answer = co_await read_all_pages(pass, *tags.read);
  if (!answer) {
    if (means_absent(answer.error(), tags.absent)) co_return Result<void>{};
    co_return std::unexpected(answer.error().in("cannot read tags"));
  }
  observed.tags = tags_of(tags, planning::read_path(*answer, tags.result));
  co_return Result<void>{};
}

}  // namespace infra::reconcile
