"""Reserved names: words that a column should not have for its name, in Postgres or as a contract's field."""

from __future__ import annotations

_POSTGRES = """
all analyse analyze and any array as asc
asymmetric authorization binary both case cast check collate collation column concurrently
constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except false fetch for
foreign freeze from full grant group having ilike in initially inner intersect into is isnull join
lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or
order outer overlaps placing primary references returning right select session_user similar some
symmetric system_user table tablesample then to trailing true union unique user using variadic
verbose when where window with
"""
_SYSTEM_COLUMNS = "cmax cmin ctid oid tableoid xmax xmin"
_PYTHON = """
and as assert async await break class continue def del elif else except finally for from global if
import in is lambda nonlocal not or pass raise return try while with yield false none true
"""
_CONTRACT = """
construct copy dataset dict file_format from_orm json key max_reject_ratio model_computed_fields model_config
model_construct model_copy model_dump model_dump_json model_extra model_fields model_fields_set
model_json_schema model_parametrized_name model_post_init model_rebuild model_validate null_spellings
model_validate_json model_validate_strings on_conflict parse_file parse_obj parse_raw schema
schema_json update_forward_refs validate
"""
"""What a contract has of its own, so that an inferred table can become a declared one with the same names.
In writing, not asked of the class: columns keep their names when a library gets a method more."""

_TYPES = "bool float int str tuple"
"""What the source of a contract calls the types of its fields; one of that name would hide them."""

RESERVED = frozenset(" ".join((_POSTGRES, _SYSTEM_COLUMNS, _PYTHON, _CONTRACT, _TYPES)).split())
"""Words in lower case. Postgres' own: https://www.postgresql.org/docs/current/sql-keywords-appendix.html"""
