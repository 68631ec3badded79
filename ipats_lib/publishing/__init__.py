"""From notebooks and a snapshot to a published site: plan, execute, render, stage, switch."""

from ipats_lib.publishing.late_import import put_off_address_syntax

put_off_address_syntax()  # before any module of ours imports nbformat
