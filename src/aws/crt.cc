#include "aws/crt.h"

#include <aws/auth/auth.h>
#include <aws/io/tls_channel_handler.h>

#include "aws/crt_text.h"

// The runtime is built without TLS (tools/build_crt.sh). Its connections, which we never open,
// still want this to be linked.
extern "C" aws_byte_buf aws_tls_handler_protocol(aws_channel_handler* /*handler*/) { return {}; }

namespace infra::aws {

CrtLibrary::CrtLibrary() { aws_auth_library_init(aws_default_allocator()); }
CrtLibrary::~CrtLibrary() { aws_auth_library_clean_up(); }

std::string crt_error() { return aws_error_str(aws_last_error()); }

}  // namespace infra::aws
