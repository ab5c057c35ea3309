#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace infra::planning {

// Value of an annotation of our group, such as "paused"; empty when absent.
std::string annotation_of(const Json& object, std::string_view name);

// "namespace/name" of the provider that an object names; the namespace is the object's own unless
// written. Empty where it names none.
std::string provider_key_of(const Json& object);

// Whether an AWSProvider lets objects of this namespace use it, and what to say if not.
bool serves(const Json& provider, const std::string& ns);
std::string does_not_serve(const std::string& provider_key, const std::string& ns);

// Whether an object lets those of this namespace refer to it.
bool lets_refer(const Json& object, const std::string& ns);

// The partition that an ARN is of, such as "aws-cn"; empty where the text is none.
std::string partition_of(std::string_view arn);

}  // namespace infra::planning
