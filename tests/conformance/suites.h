#pragma once

#include <filesystem>

#include "report.h"

// The suites of botocore's source package, each run against src/aws. `root` is that package.
namespace infra::conformance {

// Requests and answers of each protocol, from any folder in the format of tests/unit/protocols.
// `suite` goes in front of the files' names; it is empty for a folder that is not botocore's, whose
// own list of what may fail is heeded.
void run_protocols(Report& report, const std::filesystem::path& folder,
                   const std::filesystem::path& suite);

// Recorded answers of real services.
void run_responses(Report& report, const std::filesystem::path& root);

// Signature Version 4.
void run_signing(Report& report, const std::filesystem::path& root);

// Endpoint rules: those in the binary for the services we have, botocore's own for all others.
void run_endpoints(Report& report, const std::filesystem::path& root);

}  // namespace infra::conformance
