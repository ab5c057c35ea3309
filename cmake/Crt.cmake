# The AWS Common Runtime: signing and endpoint rules. Built once into INFRA_CRT_PREFIX, which
# several build folders may share; a sanitizer build wants a prefix of its own.
set(INFRA_CRT_PREFIX "${CMAKE_BINARY_DIR}/crt" CACHE PATH "Where the AWS Common Runtime is, or is to be built")
set(INFRA_CRT_SOURCE "${INFRA_THIRD_PARTY}/awscrt-0.38.1" CACHE PATH "The unpacked awscrt source package")
if(NOT EXISTS "${INFRA_CRT_PREFIX}/.complete" AND EXISTS "${INFRA_CRT_SOURCE}/crt")
  message(STATUS "Building the AWS Common Runtime into ${INFRA_CRT_PREFIX} (usually 1 min)")
  execute_process(
    COMMAND "${CMAKE_SOURCE_DIR}/tools/build_crt.sh" "${INFRA_CRT_SOURCE}" "${INFRA_CRT_PREFIX}"
    OUTPUT_FILE "${CMAKE_BINARY_DIR}/crt.log" ERROR_FILE "${CMAKE_BINARY_DIR}/crt.log"
    RESULT_VARIABLE crt_result)
  if(NOT crt_result EQUAL 0)
    message(FATAL_ERROR "The AWS Common Runtime did not build; see ${CMAKE_BINARY_DIR}/crt.log")
  endif()
endif()
list(PREPEND CMAKE_PREFIX_PATH "${INFRA_CRT_PREFIX}")
# A build folder remembers where it found them, which may have been another prefix.
foreach(library common cal io compression http sdkutils auth)
  unset(aws-c-${library}_DIR CACHE)
endforeach()
find_package(aws-c-auth REQUIRED)
find_package(aws-c-sdkutils REQUIRED)
