from ipats_lib.publishing import put_off_address_syntax

put_off_address_syntax()  # 1.1 seconds of each process that imports nbformat, unless it is too late
