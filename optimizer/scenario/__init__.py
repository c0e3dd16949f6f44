"""The scenario language: YAML sections and CSV tables, checked before anything is built from them."""
