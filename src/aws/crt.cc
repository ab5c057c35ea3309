#include "aws/crt.h"

#include <aws/auth/auth.h>

#include "aws/crt_text.h"

namespace infra::aws {

CrtLibrary::CrtLibrary() { aws_auth_library_init(aws_default_allocator()); }
CrtLibrary::~CrtLibrary() { aws_auth_library_clean_up(); }

std::string crt_error() { return aws_error_str(aws_last_error()); }

}  // namespace infra::aws
