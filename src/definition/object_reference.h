#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "definition/definition.h"

namespace infra::definition {

// The fields that the word `reference` adds beside this one: what names the other object, and what
// finds it by its labels. None without the word.
std::vector<Field> reference_fields(const Field& field);

// Of a field with a reference, whether the spec must hold the field itself.
bool must_be_written(const Field& field);

// CEL over the parent of a field with a reference. How many of literal, reference and selector may
// be there; and for an immutable one, that the literal stays while neither of the others is there:
// whether what they lead to is the same value, the engine tells.
std::string choice_rule(const Field& field);
std::string choice_message(const Field& field);
std::string literal_stays_rule(const Field& field);

// Whether every reference leads to a status field of a kind that is there, and every range of
// `admission` to a spec field of it. With file and line.
Result<void> check_targets(std::span<const Definition> definitions);

}  // namespace infra::definition
