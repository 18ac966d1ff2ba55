const list = (words: string): readonly string[] => words.trim().split(/\s+/)

/** Words of which the sentences of printed pages consist. */
export const words = {
  nouns: list(`
    account agreement amount answer apartment archive article assembly balance bakery bicycle board boiler book bottle
    branch bridge budget building cabinet calendar camera canal carpet catalogue ceiling certificate chapter clinic
    clock coast column committee contract corner council courtyard crossing curtain customer decision delivery deposit
    desk district document draft driver editor engine envelope evening exhibition expense factory ferry field figure
    filter forecast form fountain freight garage garden grant harvest hallway heating hospital income index interview
    invoice island journey kitchen ladder landlord lantern lease lecture letter library licence lighthouse list machine
    manager manual map market meadow measure meeting member memory mill minute mirror museum neighbour notice number
    office opening orchard order owner package paper parcel passage payment pipe platform policy pump quarter question
    railway reading receipt record refund region rent repair report request river roof room sample schedule school
    season section shelf signal statement station storage street summary supplier survey switch table tenant ticket
    timber tool tower tunnel valley valve vehicle village voucher wagon warehouse weather window winter workshop yard`),
  adjectives: list(`
    annual average brief broad bright central clear cold common complete convenient correct damp detailed dry early
    eastern empty exact extra final firm first former formal full general gentle heavy high honest internal large
    late legal light local long main minor modern monthly narrow northern official old open ordinary outer partial
    permanent plain practical previous private proper public quiet rapid regular remaining reliable revised safe
    second separate serious sharp short simple single small southern spare special steady steep sudden suitable
    technical temporary thin typical urgent usual useful valid warm weekly western whole wide wooden`),
  verbs: list(`
    accepted adjusted agreed announced answered approved arranged asked attached bought brought built called carried
    changed checked cleaned closed collected compared completed confirmed copied corrected counted covered delivered
    described discussed divided entered examined exchanged explained filled finished followed found gave handed
    improved included inspected joined kept labelled listed loaded measured mentioned moved noticed offered opened
    ordered packed paid planned placed posted prepared printed promised provided published received recommended
    recorded reduced removed rented repaired replaced reported requested returned reviewed sealed sent settled showed
    signed sold started stopped stored supplied tested took trained updated used visited wrote`),
  adverbs: list(`
    again already always carefully clearly early easily exactly finally fully gradually hardly immediately later
    mostly nearly never often once only openly partly properly quickly quietly rarely recently regularly slowly soon
    still together today twice usually well yesterday`),
  firstNames: list(`
    Agnes Albert Alice Amir Anna Arthur Beatrice Bruno Carla Cecil Clara Daniel Dora Edith Edwin Elena Emil Esther Eva
    Felix Fiona George Greta Hannah Harold Helen Hugo Ida Ingrid Irene Jacob Janet Jonas Judith Karl Laura Leo Lydia
    Magnus Marta Maud Miriam Nadia Nora Oliver Oscar Paula Peter Quentin Rachel Ralph Rosa Ruth Samuel Stella Thomas
    Ursula Victor Walter Winifred Yusuf Zoe`),
  lastNames: list(`
    Abbott Archer Baldwin Barlow Becker Bennett Blackwood Carver Chandler Coleman Cooper Dawson Draper Eastwood Ellis
    Fairchild Fletcher Garner Gibson Hale Harding Hoffman Holloway Hughes Irving Jennings Keller Kirby Lambert Lawson
    Lindqvist Marsh Mason Merritt Morton Nash Norwood Osborne Palmer Parker Quigley Ramsey Rhodes Sawyer Shepherd
    Sinclair Tanner Thornton Turner Underwood Vaughan Wainwright Weaver Whitfield Winslow Yates`),
  places: list(`
    Ashford Barnwick Birchley Brackendale Clayton Coldwater Dunmore Eastbourne Elmstead Fairhaven Glenbrook Greyfield
    Hartwell Highmoor Kingsbridge Lakewood Longmeadow Marlow Millbrook Newbury Northgate Oakham Pinehurst Ravenhill
    Redcliff Riverton Rockport Saltmere Silverton Stonebridge Sunnydale Thornbury Westfield Whitby Woodlands`),
  months: list(
    'January February March April May June July August September October November December',
  ),
  units: list('kg pcs m hrs boxes litres sets pairs sheets rolls'),
  domains: list('example.com example.org example.net mail.example post.example'),
} as const
