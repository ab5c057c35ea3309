#include <algorithm>

#include "aws/json_tags.h"
#include "aws/paging.h"
#include "aws/services.h"

namespace infra::sim {
namespace {

constexpr const char* kRepository = "ECRRepository";

Answer no_such_repository(const Request& request, const std::string& name) {
  return refused(400, "RepositoryNotFoundException",
                 "The repository with name '" + name +
                     "' does not exist in the registry with id '" + request.account + "'");
}

Answer invalid(const std::string& what) {
  return refused(400, "InvalidParameterException", "Invalid parameter at '" + what + "'");
}

std::optional<Answer> wrong_tags(const JsonObject& tags) {
  if (!fit_for_tags(tags)) {
    return refused(400, "InvalidTagParameterException", "A tag is not valid");
  }
  if (tags.size() > 50) return refused(400, "TooManyTagsException", "More than 50 tags");
  return std::nullopt;
}

bool is_mutability(const std::string& text) { return text == "MUTABLE" || text == "IMMUTABLE"; }

bool scans(const Json& body) {
  const Json* on = find_path(body, "imageScanningConfiguration.scanOnPush");
  return on != nullptr && *on == Json(true);
}

JsonObject shown(const Thing& repository, const Json& settings) {
  JsonObject out = repository.truth("core").as_object();
  for (const auto& setting : settings.as_object()) out[setting.key()] = setting.value();
  return out;
}

Json core_of(const Cloud& cloud, const Request& request, const std::string& name) {
  const std::string host =
      request.account + ".dkr.ecr." + request.region + ".amazonaws.com/" + name;
  const Json* encryption = find_path(request.body, "encryptionConfiguration");
  return JsonObject{
      {"repositoryName", name},
      {"repositoryArn",
       "arn:aws:ecr:" + request.region + ":" + request.account + ":repository/" + name},
      {"registryId", request.account},
      {"repositoryUri", host},
      {"createdAt", epoch(cloud.wall())},
      {"encryptionConfiguration",
       encryption != nullptr ? *encryption : Json(JsonObject{{"encryptionType", "AES256"}})}};
}

Answer create(Cloud& cloud, const Request& request) {
  const std::string name = text_at(request.body, "repositoryName");
  if (name.size() < 2 || name.size() > 256) return invalid("repositoryName");
  const std::string mutability = text_at(request.body, "imageTagMutability");
  if (!mutability.empty() && !is_mutability(mutability)) return invalid("imageTagMutability");
  const JsonObject tags = read_tag_list(find_path(request.body, "tags"));
  if (auto wrong = wrong_tags(tags)) return *wrong;
  if (cloud.truth(kRepository, here(request), name) != nullptr) {
    return refused(400, "RepositoryAlreadyExistsException",
                   "The repository with name '" + name +
                       "' already exists in the registry with id '" + request.account + "'");
  }
  Thing& repository = cloud.add(request, kRepository, here(request), name);
  JsonObject settings{
      {"imageTagMutability", mutability.empty() ? "MUTABLE" : mutability},
      {"imageScanningConfiguration", JsonObject{{"scanOnPush", scans(request.body)}}}};
  cloud.give(repository, "core", core_of(cloud, request, name));
  Json answer = JsonObject{{"repository", shown(repository, settings)}};
  cloud.give(repository, "settings", std::move(settings));
  cloud.give(repository, "lifecyclePolicyText", nullptr);
  cloud.give(repository, "tags", tags);
  cloud.note(request.call, repository, Cloud::Change::kCreated);
  return done(boost::json::serialize(answer));
}

Answer describe_named(Cloud& cloud, const Request& request, const JsonArray& names) {
  JsonArray found;
  for (const Json& name : names) {
    const Thing* one =
        cloud.seen(kRepository, here(request), text_at(name, ""), View::kById, request.replica);
    if (one == nullptr) return no_such_repository(request, text_at(name, ""));
    found.push_back(shown(*one, cloud.details(*one, "settings", request.replica)));
  }
  return done(boost::json::serialize(JsonObject{{"repositories", std::move(found)}}));
}

Answer describe(Cloud& cloud, const Request& request) {
  const Json* names = find_path(request.body, "repositoryNames");
  if (names != nullptr) return describe_named(cloud, request, names->as_array());
  JsonArray found;
  for (const auto& thing : cloud.things) {
    const bool ours = thing->kind == kRepository && thing->account == request.account &&
                      thing->region == request.region;
    if (!ours || !thing->visible(View::kList, request.replica, cloud.now())) continue;
    found.push_back(shown(*thing, cloud.details(*thing, "settings", request.replica)));
  }
  const auto page = cut_page(cloud, text_at(request.body, "nextToken"), found.size(), 100);
  if (!page) return invalid("nextToken");
  const auto begin = found.begin();
  JsonObject out{{"repositories", JsonArray(begin + std::ptrdiff_t(page->first),
                                            begin + std::ptrdiff_t(page->last))}};
  if (!page->token.empty()) out["nextToken"] = page->token;
  return done(boost::json::serialize(out));
}

Answer get_policy(Cloud& cloud, const Request& request, const Thing& repository) {
  const Json& text = cloud.details(repository, "lifecyclePolicyText", request.replica);
  if (text.is_null()) {
    return refused(400, "LifecyclePolicyNotFoundException", "Lifecycle policy does not exist");
  }
  return done(boost::json::serialize(JsonObject{{"registryId", repository.account},
                                                {"repositoryName", repository.id},
                                                {"lifecyclePolicyText", text}}));
}

// Nobody pushes images here.
Answer no_images(Cloud&, const Request&, const Thing&) { return done(R"({"imageDetails": []})"); }

Answer list_tags(Cloud& cloud, const Request& request, const Thing& repository) {
  return done(boost::json::serialize(JsonObject{
      {"tags", write_tag_list(cloud.tags(repository, View::kDetails, request.replica))}}));
}

Answer changed(Cloud& cloud, const Request& request, Thing& repository, std::string_view part,
               Json value) {
  cloud.set(repository, part, std::move(value));
  cloud.note(request.call, repository, Cloud::Change::kChanged);
  return done("{}");
}

Answer put_setting(Cloud& cloud, const Request& request, Thing& repository, const std::string& name,
                   Json value) {
  JsonObject settings = repository.truth("settings").as_object();
  settings[name] = std::move(value);
  return changed(cloud, request, repository, "settings", std::move(settings));
}

Answer put_mutability(Cloud& cloud, const Request& request, Thing& repository) {
  const std::string text = text_at(request.body, "imageTagMutability");
  if (!is_mutability(text)) return invalid("imageTagMutability");
  return put_setting(cloud, request, repository, "imageTagMutability", Json(text));
}

Answer put_scanning(Cloud& cloud, const Request& request, Thing& repository) {
  return put_setting(cloud, request, repository, "imageScanningConfiguration",
                     JsonObject{{"scanOnPush", scans(request.body)}});
}

Answer put_policy(Cloud& cloud, const Request& request, Thing& repository) {
  const std::string text = text_at(request.body, "lifecyclePolicyText");
  const auto policy = parse_json(text);
  const Json* rules = policy ? find_path(*policy, "rules") : nullptr;
  if (rules == nullptr || !rules->is_array()) return invalid("LifecyclePolicyText");
  return changed(cloud, request, repository, "lifecyclePolicyText", Json(text));
}

Answer delete_policy(Cloud& cloud, const Request& request, Thing& repository) {
  if (repository.truth("lifecyclePolicyText").is_null()) {
    return refused(400, "LifecyclePolicyNotFoundException", "Lifecycle policy does not exist");
  }
  return changed(cloud, request, repository, "lifecyclePolicyText", nullptr);
}

Answer tag(Cloud& cloud, const Request& request, Thing& repository) {
  const JsonObject all = merged_tags(repository.truth("tags").as_object(),
                                     read_tag_list(find_path(request.body, "tags")));
  if (auto wrong = wrong_tags(all)) return *wrong;
  return changed(cloud, request, repository, "tags", all);
}

Answer untag(Cloud& cloud, const Request& request, Thing& repository) {
  return changed(
      cloud, request, repository, "tags",
      tags_without(repository.truth("tags").as_object(), find_path(request.body, "tagKeys")));
}

Answer remove(Cloud& cloud, const Request& request, Thing& repository) {
  const Json* force = find_path(request.body, "force");
  const bool forced = force != nullptr && *force == Json(true);
  if (!forced && cloud.now() < repository.occupied_until) {
    return refused(400, "RepositoryNotEmptyException",
                   "The repository with name '" + repository.id + "' in registry with id '" +
                       request.account + "' cannot be deleted because it still contains images");
  }
  cloud.bury(repository);
  cloud.note(request.call, repository, Cloud::Change::kRemoved);
  return done("{}");
}

using Read = Answer (*)(Cloud&, const Request&, const Thing&);
constexpr std::pair<const char*, Read> kReads[] = {{"DescribeImages", no_images},
                                                   {"GetLifecyclePolicy", get_policy},
                                                   {"ListTagsForResource", list_tags}};
using Write = Answer (*)(Cloud&, const Request&, Thing&);
constexpr std::pair<const char*, Write> kWrites[] = {
    {"PutImageTagMutability", put_mutability},
    {"PutImageScanningConfiguration", put_scanning},
    {"PutLifecyclePolicy", put_policy},
    {"DeleteLifecyclePolicy", delete_policy},
    {"TagResource", tag},
    {"UntagResource", untag},
    {"DeleteRepository", remove}};

// Tags are asked for by ARN, everything else by name.
std::string name_of(const Request& request) {
  const std::string arn = text_at(request.body, "resourceArn");
  const auto at = arn.find(":repository/");
  return at == std::string::npos ? text_at(request.body, "repositoryName") : arn.substr(at + 12);
}

}  // namespace

Answer serve_ecr(Cloud& cloud, const Request& request) {
  const std::string& operation = request.call.operation;
  if (request.malformed) return refused(400, "SerializationException", "");
  if (operation == "CreateRepository") return create(cloud, request);
  if (operation == "DescribeRepositories") return describe(cloud, request);
  const std::string name = name_of(request);
  for (const auto& [known, read] : kReads) {
    if (operation != known) continue;
    const Thing* one = cloud.seen(kRepository, here(request), name, View::kById, request.replica);
    return one == nullptr ? no_such_repository(request, name) : read(cloud, request, *one);
  }
  for (const auto& [known, write] : kWrites) {
    if (operation != known) continue;
    Thing* one = cloud.writable(kRepository, here(request), name, request.replica);
    return one == nullptr ? no_such_repository(request, name) : write(cloud, request, *one);
  }
  return refused(400, "UnknownOperationException", "");
}

Json repository_state(const Cloud&, const Thing& thing) {
  JsonObject out = shown(thing, thing.truth("settings"));
  out["lifecyclePolicyText"] = thing.truth("lifecyclePolicyText");
  return out;
}

}  // namespace infra::sim
