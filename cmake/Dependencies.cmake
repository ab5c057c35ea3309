# Everything we link that is not ours. Versions of Debian packages stand in third_party/debian.txt,
# of sources in third_party/sources.txt; ./dev installs both.
set(Boost_USE_STATIC_LIBS ${INFRA_STATIC})
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
add_library(infra_fmt INTERFACE)
# Debian has no static libfmt.
target_link_libraries(infra_fmt INTERFACE $<IF:$<BOOL:${INFRA_STATIC}>,fmt::fmt-header-only,fmt::fmt>)
find_package(yaml-cpp REQUIRED)
find_package(pugixml REQUIRED)
find_package(GTest REQUIRED)
find_package(CLI11 REQUIRED)
include(Crt)
