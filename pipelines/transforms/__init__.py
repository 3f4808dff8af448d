"""Pure steps between tables: matching, explaining, fitting, judging."""
