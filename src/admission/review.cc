#include "admission/review.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"

namespace infra::admission {
namespace {

constexpr std::string_view kGroup = "admission.k8s.io/";
// Kubernetes cuts a warning at 256 characters, and drops what is above 4096 altogether.
constexpr std::size_t kWarningSize = 255;
constexpr std::size_t kMostWarnings = 8;
constexpr std::size_t kMessageSize = 2048;
constexpr int kUnprocessable = 422;

Json member(const Json& request, std::string_view name) {
  const Json* found = find_path(request, name);
  return found == nullptr ? Json() : *found;
}

JsonArray shown(const std::vector<std::string>& warnings) {
  JsonArray out;
  for (const auto& warning : warnings) {
    if (out.size() == kMostWarnings) break;
    out.emplace_back(shortened(warning, kWarningSize));
  }
  return out;
}

JsonObject status_of(const std::vector<std::string>& refusals) {
  return {{"status", "Failure"},
          {"code", kUnprocessable},
          {"reason", "Invalid"},
          {"message", shortened(fmt::format("{}", fmt::join(refusals, ". ")), kMessageSize)}};
}

}  // namespace

Result<Review> read_review(std::string_view body) {
  const auto review = parse_json(body);
  if (!review) return std::unexpected(review.error().in("the AdmissionReview"));
  const std::string kind = text_at(*review, "kind");
  const std::string version = text_at(*review, "apiVersion");
  const bool known =
      version == std::string(kGroup) + "v1" || version == std::string(kGroup) + "v1beta1";
  if (kind != "AdmissionReview" || !known) {
    return fail(Code::kInvalid,
                fmt::format("an AdmissionReview of {0}v1 or {0}v1beta1 is understood, and this is "
                            "kind '{1}' of '{2}'; set admissionReviewVersions to [v1]",
                            kGroup, shortened(kind, 64), shortened(version, 64)));
  }
  const Json* request = find_path(*review, "request");
  const std::string uid = request == nullptr ? "" : text_at(*request, "uid");
  if (uid.empty()) {
    return fail(Code::kInvalid, "the AdmissionReview has no request with a uid to answer to");
  }
  return Review{.api_version = version,
                .uid = uid,
                .operation = text_at(*request, "operation"),
                .group = text_at(*request, "kind.group"),
                .kind = text_at(*request, "kind.kind"),
                .subresource = text_at(*request, "subResource"),
                .object = member(*request, "object"),
                .before = member(*request, "oldObject")};
}

std::string answer_to(const Review& review, const Verdict& verdict) {
  const bool allowed = verdict.refusals.empty();
  JsonObject response{{"uid", review.uid}, {"allowed", allowed}};
  if (!allowed) response["status"] = status_of(verdict.refusals);
  if (!verdict.warnings.empty()) response["warnings"] = shown(verdict.warnings);
  const JsonObject out{{"apiVersion", review.api_version},
                       {"kind", "AdmissionReview"},
                       {"response", std::move(response)}};
  return boost::json::serialize(out);
}

}  // namespace infra::admission
