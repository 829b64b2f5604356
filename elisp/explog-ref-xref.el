;;; explog-ref-xref.el --- References to experiments for xref  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; From a reference, `xref-find-definitions' goes to the step, and
;; `xref-find-references' lists all its commits and mentions, in all
;; repositories and logs.  Anywhere else they do what they did before: the
;; backend speaks up on a reference only.

;;; Code:

(require 'cl-lib)
(require 'explog)
(require 'explog-ref)
(require 'explog-search-hit)
(require 'explog-visit)
(require 'subr-x)
(require 'xref)

(declare-function explog-bridge-call-sync "explog-bridge" (method args &rest keys))
(autoload 'explog-bridge-call-sync "explog-bridge")

(defconst explog-ref-xref--most 1000
  "How many commits and mentions are listed at most.")

(cl-defstruct (explog-ref-xref-place (:copier nil))
  "Where experiment ID, or its STEP if non-nil, is: in the log FILE."
  file id step)

(cl-defstruct (explog-ref-xref-commit (:copier nil))
  "The COMMIT, a full id, of REPOSITORY."
  repository commit)

;;;; The backend

(defun explog-ref-xref-backend ()
  "Return the backend for references if point is on one, else nil.
For `xref-backend-functions'."
  (and (explog-ref-here) 'explog))

(cl-defmethod xref-backend-identifier-at-point ((_backend (eql explog)))
  "Return the reference at point, as \"e201.1\"."
  (pcase (explog-ref-here)
    (`(,id ,step . ,_) (explog-ref-string id step))))

(cl-defmethod xref-backend-identifier-completion-table ((_backend (eql explog)))
  "Return no candidates: what is asked for is typed as \"e201.1\"."
  nil)

(cl-defmethod xref-backend-definitions ((_backend (eql explog)) identifier)
  "Return where the step or experiment is that IDENTIFIER refers to."
  (pcase-let ((`(,id . ,step) (explog-ref-xref--parse identifier)))
    (mapcar (lambda (file)
              (xref-make (or (explog-ref-describe id step) identifier)
                         (make-explog-ref-xref-place :file file :id id :step step)))
            (explog-visit-files id))))

(cl-defmethod xref-backend-references ((_backend (eql explog)) identifier)
  "Return the commits and mentions of what IDENTIFIER refers to."
  (pcase-let* ((`(,id . ,step) (explog-ref-xref--parse identifier))
               (`(,_ ,_ ,hits ,_)
                (condition-case err
                    (explog-bridge-call-sync
                     "search" (list (explog-ref-string id step) explog-ref-xref--most))
                  (explog-error (user-error "%s" (nth 2 err))))))
    (mapcar #'explog-ref-xref--item hits)))

(cl-defmethod xref-backend-apropos ((_backend (eql explog)) pattern)
  "Return the hits of the query PATTERN."
  (pcase-let ((`(,_ ,_ ,hits ,_)
               (condition-case err
                   (explog-bridge-call-sync "search" (list pattern explog-ref-xref--most))
                 (explog-error (user-error "%s" (nth 2 err))))))
    (mapcar #'explog-ref-xref--item hits)))

(defun explog-ref-xref--parse (identifier)
  "Return (ID . STEP) for IDENTIFIER, or signal `user-error'."
  (or (explog-ref-parse identifier)
      (user-error "%s is no reference like e201.1" identifier)))

(defun explog-ref-xref--item (hit)
  "Return what xref lists for HIT."
  (let ((snippet (explog-search-snippet hit))
        (commit (explog-search-hit-commit hit)))
    (if commit
        (xref-make (format "%s %s %s" (substring commit 0 7)
                           (substring (or (explog-search-hit-date hit) "          ") 0 10)
                           snippet)
                   (make-explog-ref-xref-commit
                    :repository (explog-search-hit-repository hit) :commit commit))
      (xref-make (format "%s: %s" (explog-search-hit-kind hit) snippet)
                 (xref-make-file-location (explog-search-hit-file hit)
                                          (explog-search-hit-line hit) 0)))))

;;;; Locations

(cl-defmethod xref-location-group ((place explog-ref-xref-place))
  "Return the log that PLACE is in."
  (explog-ref-xref-place-file place))

(cl-defmethod xref-location-marker ((place explog-ref-xref-place))
  "Return a marker at PLACE, and show what is hidden there."
  (pcase-let (((cl-struct explog-ref-xref-place file id step) place))
    (unless (file-readable-p file)
      (user-error "%s cannot be read" (abbreviate-file-name file)))
    (with-current-buffer (find-file-noselect file)
      (let ((heading (or (car (explog-visit-places (current-buffer) id))
                         (user-error "%s does not have experiment %s any more"
                                     (abbreviate-file-name file) id))))
        (explog-ref-xref--unfolded
         (or (and step (explog-visit-step (current-buffer) heading step))
             heading))))))

(defun explog-ref-xref--unfolded (position)
  "Return a marker at POSITION of this buffer, with what is hidden there shown."
  (unless (<= (point-min) position (point-max))
    (widen))
  (save-excursion
    (goto-char position)
    (explog-visit-unfold)
    (point-marker)))

(cl-defmethod xref-location-group ((place explog-ref-xref-commit))
  "Return the name of the repository that PLACE is in."
  (concat "commits in "
          (file-name-nondirectory
           (directory-file-name (explog-ref-xref-commit-repository place)))))

(cl-defmethod xref-location-marker ((place explog-ref-xref-commit))
  "Return a marker in a buffer with the commit PLACE.
It is for xref to show it, in the window that it chooses."
  (save-window-excursion
    (explog-search-visit-commit (explog-ref-xref-commit-repository place)
                                (explog-ref-xref-commit-commit place))
    (point-marker)))

(provide 'explog-ref-xref)
;;; explog-ref-xref.el ends here
