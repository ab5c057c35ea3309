# The protocols, and the service models that are built into the binary.
find_package(ZLIB REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(INFRA_AWS_SERVICES ec2 iam sqs kms lambda s3 sts resourcegroupstaggingapi sns dynamodb rds
  secretsmanager ecr elasticache)
set(aws_data ${INFRA_THIRD_PARTY}/botocore-1.44.5/botocore/data)
set(aws_models ${CMAKE_CURRENT_BINARY_DIR}/embedded_models.cc)
set(aws_packer ${CMAKE_SOURCE_DIR}/tools/aws_models.py)

if(INFRA_THIRD_PARTY AND EXISTS ${aws_data})
  file(GLOB_RECURSE aws_definitions CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/definitions/*.yaml)
  string(REPLACE ";" "," aws_services "${INFRA_AWS_SERVICES}")
  # The program itself calls STS and tagging: what definitions name says nothing about them.
  add_custom_command(OUTPUT ${aws_models}
    COMMAND Python3::Interpreter ${aws_packer} --data ${aws_data} --services ${aws_services}
      --whole sts,resourcegroupstaggingapi --scan ${CMAKE_SOURCE_DIR}/definitions --out ${aws_models}
    DEPENDS ${aws_packer} ${aws_definitions}
    COMMENT "Packing AWS service models" VERBATIM)
else()
  message(WARNING "INFRA_THIRD_PARTY has no botocore-1.44.5: no AWS service model is built in.")
  set(aws_models embedded_none.cc)
endif()

set(AWS_PROTOCOL_SOURCES model.cc values.cc xml.cc encode.cc decode.cc errors.cc embedded.cc
  ${aws_models})
set(AWS_PROTOCOL_TESTS protocol_test.cc)
if(NOT aws_models STREQUAL "embedded_none.cc")
  list(APPEND AWS_PROTOCOL_TESTS embedded_test.cc)
endif()
# The target is made later, by the file that includes this one.
cmake_language(DEFER CALL target_link_libraries infra_aws PUBLIC ZLIB::ZLIB)
