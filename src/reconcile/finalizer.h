#pragma once

#include "definition/definition.h"
#include "reconcile/object.h"

namespace infra::reconcile {

// What keeps an object until its resource has gone. Two spellings are in use in clusters: an object
// that carries either is held, and both go when it is released.
bool holds_finalizer(const definition::Definition& definition, const Object& object);

// Patches of metadata that hold an object, or let it go. Finalizers of others stay.
JsonObject hold_patch(const definition::Definition& definition, const Object& object);
JsonObject release_patch(const definition::Definition& definition, const Object& object);

}  // namespace infra::reconcile
