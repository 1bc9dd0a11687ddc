import os, django, random
os.environ.setdefault("DJANGO_SETTINGS_MODULE","bench.settings")
django.setup()
from django.core.management import call_command
call_command("migrate",verbosity=0)
from datetime import timedelta
from django.test import Client
from alliance.kernel import clock
from tests.cast import cast_make
from affiliates.services import Click, touches_record
from affiliates.services.figures import clicks_count
from affiliates.services.months import months_make
from bench.web import granian
now=clock.now()
months_make(since=(now-timedelta(days=60)).date(), until=now.date())
with clock.at(now-timedelta(days=40)): cast=cast_make()
random.seed(1)
rows=[]
for d in range(35):
    for n in range(random.randint(5,60)):
        rows.append(Click.through(cast.link,touched_at=now-timedelta(days=d,minutes=n),visitor_key=f"v{d}-{random.randint(0,30)}"))
    for n in range(random.randint(0,9)): rows.append(Click.through(cast.link,touched_at=now-timedelta(days=d,minutes=n),visitor="bot"))
    for n in range(random.randint(0,4)): rows.append(Click.through(cast.link,touched_at=now-timedelta(days=d,minutes=n),visitor="preview"))
touches_record(rows); clicks_count()
for n in range(3): cast.sold(f"T{n}")
clicks_count()
def cookie(user):
    c=Client(); c.force_login(user); return c.cookies["sessionid"].value
from playwright.sync_api import sync_playwright
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]="1"
lin,chen,fin=cookie(cast.lin),cookie(cast.chen),cookie(cast.finance)
with granian(workers=1) as port, sync_playwright() as p:
    b=p.chromium.launch(executable_path="/usr/bin/chromium",args=["--no-sandbox","--disable-gpu"])
    for lang in ("en","de","zh-hans"):
        for w in (1280,390):
            for name,who,path in (("home",lin,"/affiliate/?metric=visitors"),("links",lin,"/affiliate/links/"),("sites",lin,"/affiliate/sites/"),("m_aff",chen,"/merchant/affiliates/"),("m_home",chen,"/merchant/?metric=clicks"),("desk",fin,"/admin/")):
                if lang=="zh-hans" and name not in("links","home"): continue
                ctx=b.new_context(viewport={"width":w,"height":900},locale={"en":"en-US","de":"de-DE","zh-hans":"zh-CN"}[lang])
                ctx.add_cookies([{"name":"sessionid","value":who,"url":f"http://localhost:{port}"},{"name":"django_language","value":lang,"url":f"http://localhost:{port}"}])
                page=ctx.new_page(); r=page.goto(f"http://localhost:{port}{path}"); page.wait_for_timeout(600)
                print(lang,w,name,r.status,page.evaluate("document.documentElement.scrollWidth"))
                page.screenshot(path=f"/tmp/shots/{name}-{lang}-{w}.png",full_page=True); ctx.close()
