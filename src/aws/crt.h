#pragma once

namespace infra::aws {

// Starts the AWS Common Runtime and stops it again. main() makes one before anything signs a
// request or resolves an endpoint, and keeps it until the end. No threads are started.
class CrtLibrary {
 public:
  CrtLibrary();
  ~CrtLibrary();
  CrtLibrary(const CrtLibrary&) = delete;
  CrtLibrary& operator=(const CrtLibrary&) = delete;
};

}  // namespace infra::aws
