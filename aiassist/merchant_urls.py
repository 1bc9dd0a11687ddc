"""The autopilot in the merchant's room."""

from django.urls import path

from aiassist.views import autopilot

app_name = "autopilot"

urlpatterns = [
    path("", autopilot.home, name="home"),
    path("sign/", autopilot.sign, name="sign"),
    path("decide/", autopilot.decide, name="decide"),
    path("decisions/", autopilot.decisions, name="decisions"),
    path("decisions/<int:pk>/roll-back/", autopilot.roll_back, name="roll_back"),
    path("pause/", autopilot.pause, name="pause"),
    path("resume/", autopilot.resume, name="resume"),
    path("stop/", autopilot.stop, name="stop"),
]
