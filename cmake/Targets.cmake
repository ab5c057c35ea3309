# One library and one test program per folder of src/.
include(GoogleTest)

add_library(infra_options INTERFACE)
target_include_directories(infra_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
target_compile_options(infra_options INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Coroutine frames and std::expected make g++ 12 warn about memory it cannot follow.
  target_compile_options(infra_options INTERFACE -Wno-maybe-uninitialized -Wno-dangling-pointer
    -Wno-missing-field-initializers -Wno-array-bounds -Wno-stringop-overflow -Wno-restrict)
else()
  target_compile_options(infra_options INTERFACE -Wno-missing-designated-field-initializers -Wno-missing-field-initializers)
endif()
target_compile_definitions(infra_options INTERFACE BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(infra_options INTERFACE Threads::Threads)
if(INFRA_SANITIZE)
  # At -O1 g++ 12 sees Asio's frames allocated with aligned_alloc, but not that they are freed to match.
  target_compile_options(infra_options INTERFACE -fsanitize=${INFRA_SANITIZE} -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
  if(INFRA_SANITIZE STREQUAL "thread")
    # Asio has fences, which the thread sanitizer does not follow.
    target_compile_options(infra_options INTERFACE -Wno-tsan)
  endif()
  target_link_options(infra_options INTERFACE -fsanitize=${INFRA_SANITIZE})
endif()

# infra_library(name SOURCES ... [TESTS ...] [LINKS ...])
function(infra_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;TESTS;LINKS;TEST_LINKS" ${ARGN})
  add_library(infra_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(infra_${name} PUBLIC infra_options ${ARG_LINKS})
  if(ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE infra_${name} ${ARG_TEST_LINKS} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
