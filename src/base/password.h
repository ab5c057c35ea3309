#pragma once

#include <string>

namespace infra {

// 30 letters and digits that nobody can guess (178 bits). Every engine of RDS takes it (Oracle
// takes 30 at most, and none takes '/', '@' or '"': Amazon RDS User Guide, "Constraints on master
// passwords"), and so does Redis in ElastiCache (16 to 128). Throws if OpenSSL has no random bytes.
std::string random_password();

}  // namespace infra
