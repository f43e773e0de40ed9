console.log('bpfoundry')
