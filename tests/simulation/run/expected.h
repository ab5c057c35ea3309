#pragma once

#include <string>
#include <vector>

#include "aws/fake_aws.h"

namespace infra::sim {

// Where the truth in AWS is not what a spec declares, a few words each. What the spec leaves out
// may be anything. Written from AWS's vocabulary, apart from the definitions.
std::vector<std::string> differences(const std::string& kind, const Json& spec,
                                     const FakeAws::Resource& resource);

// Where AWS does not hold the value that the spec takes from a Secret; empty: it does.
std::string value_fault(const Json& spec, const std::string& value,
                        const FakeAws::Resource& resource);

// Whether this spec cannot be had from what there is: AWS refuses the change that it needs.
bool aws_refuses(const std::string& kind, const Json& spec, const FakeAws::Resource& resource);

// Whether another resource has what the spec needs for itself.
bool place_taken(const std::string& kind, const Json& spec, const std::string& uid,
                 const std::vector<FakeAws::Resource>& resources);

// What has gone of this kind is gone with what it held: users decide what then.
bool holds_data(const std::string& kind);

// It could not be made; it is not to be used yet, or not at all; its deletion is under way.
bool is_failed(const FakeAws::Resource& resource);
bool is_unready(const FakeAws::Resource& resource);
bool is_leaving(const FakeAws::Resource& resource);
// AWS is at work on it, and will show another state without being asked for anything.
bool is_changing(const FakeAws::Resource& resource);

// Its owner tag names the object.
bool belongs_to(const FakeAws::Resource& resource, const std::string& uid);

}  // namespace infra::sim
