#pragma once
/* What client_golang needs of <mach/mach_vm.h>, which zig does not bring. */
#include <mach/mach_types.h>
#include <mach/vm_region.h>
extern kern_return_t mach_vm_region(vm_map_read_t, mach_vm_address_t *, mach_vm_size_t *, vm_region_flavor_t, vm_region_info_t,
                                    mach_msg_type_number_t *, mach_port_t *);
