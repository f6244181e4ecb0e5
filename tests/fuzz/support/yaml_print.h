/*
 * yaml_print - a loaded document written out again, in another style
 *
 * Everything in braces and brackets, texts in quotes and escaped wherever they are not plain words:
 * what was accepted must then be accepted again and mean the same.
 */
#ifndef FUZZ_YAML_PRINT_H
#define FUZZ_YAML_PRINT_H

#include "base/text.h"
#include "yaml/yaml.h"

void yaml_print(yaml_node *n, struct text *out);
/** Whether both say the same: kinds, order, texts, and where nothing is written. */
bool yaml_equal(yaml_node *a, yaml_node *b);

#endif
