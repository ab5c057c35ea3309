// Location: the account and region that hold a resource. Where the provider leads elsewhere, AWS
// says that the resource is not there, and another one would be made.
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

constexpr std::string_view kField = "location";

std::string location_of(const Cloud& cloud) {
  return cloud.location().account_id + "/" + cloud.location().region;
}

}  // namespace

void note_location(const Engine::Pass& pass, Json& status) {
  set_path(status, kField, Json(location_of(pass.cloud)));
}

std::optional<Outcome> check_location(const Engine::Pass& pass) {
  const std::string noted = text_at(pass.object.status(), kField);
  const std::string here = location_of(pass.cloud);
  const bool let_go = pass.object.deleting() && leaves_its_resource(pass.definition, pass.object);
  if (noted.empty() || noted == here || let_go) return std::nullopt;
  return Blocked{.reason = "OtherLocation",
                 .message = "The resource is in " + noted + ", and the provider leads to " + here +
                            "; set the provider's region and credentials back, or name a provider "
                            "that leads there"};
}

}  // namespace infra::reconcile
