#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "aws/catalog.h"
#include "base/error.h"

namespace infra::bench {

// A benchmark of a failed step would measure nothing, so there is none.
template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

// The AWS services as the program has them.
aws::Catalog& catalog();

}  // namespace infra::bench
