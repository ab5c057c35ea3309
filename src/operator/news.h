#pragma once

#include "base/json.h"

namespace infra {

// Whether a user has decided something about an object: its spec, our annotations, or that it is to
// go; or whether somebody has taken its status away. What we write ourselves while we look after it
// is no news, nor what other controllers note on it: else an object that is written in each pass is
// never left alone. The same content is news where one of the two is null: the object was made, or
// has gone.
bool is_news(const Json& before, const Json& after);

// Whether an object, by what it says itself, needs no more than a look: it is ready for this spec,
// and is to stay.
bool seems_settled(const Json& object);

}  // namespace infra
