;;; explog-search.el --- Search logs and commits as you type  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-search' reads a query and shows its hits while you type, from
;; all logs and the commits of all repositories.  RET in the minibuffer
;; selects the buffer of results, where RET visits the hit at point: a step
;; in its log, a commit in magit, or in vc if magit is not installed, or
;; what a run printed.
;;
;; Hits are grouped by experiment.  n and p move to the next and previous
;; hit, and so does `next-error' from any buffer.  g repeats the search, s
;; changes the query, and a bookmark saves it.
;;
;; The server answers in milliseconds, but nothing waits for it.  An answer
;; is shown when it arrives, unless the query has changed by then.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-cache)
(require 'explog-git)
(require 'explog-log)
(require 'explog-server)
(require 'explog-steps)
(require 'seq)
(require 'subr-x)
(require 'text-property-search)

(autoload 'explog-consult-search "explog-consult")
(autoload 'explog-lab-visit "explog-lab")
(autoload 'explog-runs-visit-output "explog-runs")

(declare-function magit-show-commit "magit-diff" (rev &optional args files module))
(declare-function org-fold-show-context "org-fold" (&optional key))
(declare-function org-show-context "org" (&optional key))
(declare-function vc-print-log-internal "vc"
                  (backend files working-revision &optional is-start-revision
                           limit type))
(declare-function bookmark-prop-get "bookmark" (bookmark-name-or-record prop))

;;;; Hits

(defface explog-search-match '((t :inherit match))
  "Text that matches the query, in a snippet."
  :group 'explog)

(defface explog-search-where '((t :inherit shadow))
  "The place of a hit."
  :group 'explog)

(cl-defstruct (explog-search-hit (:type vector) (:constructor nil) (:copier nil))
  "A hit as the server sends it; what does not apply is nil."
  kind experiment step title snippet file line repository commit date)

(cl-defstruct (explog-search-shared (:type vector) (:constructor nil) (:copier nil))
  "A hit of a search in which the group's lab took part.
It begins as `explog-search-hit'.  MEMBERS are the names of those whose it
is, empty for one's own; PAGE is the page of a commit on the web, and
SOURCE the lab's number of the explog that has it."
  kind experiment step title snippet file line repository commit date
  members page source)

(defconst explog-search--own-slots 10
  "How many slots an `explog-search-hit' has.")

(defun explog-search-members (hit)
  "Return the names of the members of the group whose HIT is; nil for one's own."
  (and (> (length hit) explog-search--own-slots)
       (let ((members (explog-search-shared-members hit)))
         (and (not (string-empty-p members)) members))))

(defun explog-search--same-p (one other)
  "Return non-nil if ONE and OTHER are the same hit, with the lab or without."
  (and one other
       (cl-loop for slot below explog-search--own-slots
                always (equal (aref one slot) (aref other slot)))))

(defun explog-search-reference (hit)
  "Return the reference to the experiment or step of HIT, or nil."
  (when-let ((experiment (explog-search-hit-experiment hit)))
    (concat "e" experiment
            (if-let ((step (explog-search-hit-step hit)))
                (concat "." step)
              ""))))

(defun explog-search-run-p (hit)
  "Return non-nil if HIT is a run; its file is then what the run printed."
  (equal "run" (explog-search-hit-kind hit)))

(defun explog-search-where (hit)
  "Return where HIT is, in a few words."
  (let ((commit (explog-search-hit-commit hit))
        (file (explog-search-hit-file hit))
        (members (explog-search-members hit))
        (repository (file-name-nondirectory (or (explog-search-hit-repository hit) ""))))
    (cond (members
           (format "%s: %s" members
                   (if commit
                       (format "%s %s" repository (substring commit 0 7))
                     (file-name-nondirectory file))))
          (commit (format "%s %s" repository (substring commit 0 7)))
          ((explog-search-run-p hit) repository)
          (t (format "%s%s:%d"
                     (if (string-suffix-p "_archive" file) "archived: " "")
                     (file-name-nondirectory file)
                     (explog-search-hit-line hit))))))

(defun explog-search-day (hit)
  "Return the date of HIT, or as many blanks."
  (let ((date (or (explog-search-hit-date hit) "")))
    (format "%-10s" (substring date 0 (min 10 (length date))))))

(defun explog-search-snippet (hit)
  "Return the snippet of HIT, with a face on its matches instead of brackets."
  (replace-regexp-in-string
   "⟦\\([^⟧]*\\)⟧"
   (lambda (text)
     (propertize (match-string 1 text) 'face 'explog-search-match))
   (explog-search-hit-snippet hit) t t))

(defun explog-search-visit-hit (hit)
  "Visit HIT: a place in a log, a commit, or what a run printed.
Of what others have published, show the page of a commit, or the text."
  (cond ((explog-search-members hit)
         (explog-lab-visit hit))
        ((explog-search-hit-commit hit)
         (explog-search-visit-commit (explog-search-hit-repository hit)
                                     (explog-search-hit-commit hit)))
        ((explog-search-run-p hit)
         (explog-runs-visit-output (explog-search-hit-file hit)))
        (t (explog-search--visit-place hit))))

(defun explog-search--visit-place (hit)
  "Visit the log of HIT, and reveal hidden text there."
  (let ((file (explog-search-hit-file hit)))
    (unless (file-readable-p file)
      (user-error "%s cannot be read" (abbreviate-file-name file)))
    (find-file-other-window file))
  (let ((place (save-restriction
                 (widen)
                 (explog-search--place hit))))
    (unless (<= (point-min) place (point-max))
      (widen))
    (goto-char place))
  (cond ((not (derived-mode-p 'org-mode)))
        ((fboundp 'org-fold-show-context) (org-fold-show-context 'link-search))
        ((fboundp 'org-show-context) (org-show-context 'link-search)))
  (recenter))

(defun explog-search--place (hit)
  "Return the position of HIT in this buffer.
If the buffer is modified, lines may have moved.  Then search for the
step, and trust a line number only within the right experiment."
  (save-excursion
    (goto-char (point-min))
    (forward-line (1- (explog-search-hit-line hit)))
    (let* ((line (point))
           (id (and (buffer-modified-p) (explog-search-hit-experiment hit)))
           (heading (and id (explog-log-find id))))
      (if (not heading)
          line
        (goto-char heading)
        (pcase (explog-search-hit-kind hit)
          ("experiment" heading)
          ((and "step" (let step (explog-steps-position (explog-search-hit-step hit)))
                (guard step))
           step)
          (_ (if (< heading line (explog-log-entry-end)) line heading)))))))

(defun explog-search-visit-commit (repository commit)
  "Show COMMIT, a full id, of REPOSITORY in magit, or in vc without magit."
  (if (require 'magit nil t)
      (explog-git-call repository #'magit-show-commit commit explog-git-diff-options)
    (require 'vc)
    (require 'vc-git)
    (explog-git-call repository #'vc-print-log-internal
                     'Git (list (file-name-as-directory repository)) commit t 1)))

(defun explog-search-group (hit)
  "Return what the group of HIT is known by: its experiment, which may be nil.
For an experiment of others that is (EXPERIMENT MEMBERS): two people's 201
are two experiments."
  (let ((experiment (explog-search-hit-experiment hit))
        (members (explog-search-members hit)))
    (if (and experiment members)
        (list experiment members)
      experiment)))

(defun explog-search-groups (hits)
  "Return HITS as an alist (GROUP . HITS), the best group first.
See `explog-search-group'."
  (let (groups)
    (seq-doseq (hit hits)
      (let* ((key (explog-search-group hit))
             (group (assoc key groups)))
        (if group
            (push hit (cdr group))
          (push (list key hit) groups))))
    (mapcar (lambda (group) (cons (car group) (reverse (cdr group))))
            (nreverse groups))))

(defun explog-search-group-title (experiment hits)
  "Return the title of the group of HITS for EXPERIMENT; see `explog-search-group'.
If all of them are commits, the title of one's own experiment comes from
the cache, and is requested in the background if necessary."
  (pcase experiment
    ('nil "No experiment")
    ((pred stringp) (explog-search--own-title experiment hits))
    (`(,id ,members)
     (let ((hit (seq-find (lambda (hit) (not (explog-search-hit-commit hit))) hits)))
       (format "%s%s (%s)" id
               (if hit (concat " " (explog-search-hit-title hit)) "")
               members)))))

(defun explog-search--own-title (experiment hits)
  "Return the title of the group of HITS for EXPERIMENT, of one's own."
  (let ((hit (seq-find (lambda (hit) (not (explog-search-hit-commit hit))) hits)))
    (string-trim-right
     (concat experiment " "
             (if hit
                 (explog-search-hit-title hit)
               (let ((known (explog-cache-get experiment)))
                 (and (vectorp known) (explog-cache-experiment-title known))))))))

(defcustom explog-search-limit 100
  "How many hits `explog-search' shows at most."
  :type 'natnum
  :group 'explog)

(defface explog-search-experiment '((t :inherit (font-lock-function-name-face bold)))
  "The experiment that a group of hits belongs to."
  :group 'explog)

;;;; The buffer of results

(defvar explog-search--awaited)

(defvar-local explog-search--query nil
  "The query whose hits this buffer shows.")

(defvar-local explog-search--shared nil
  "The query whose hits are shown with those of the group's lab; nil if none is.")

(defvar-local explog-search--rest nil
  "What was found and is not in this buffer yet.
These are hits, and before those of a group (EXPERIMENT . HITS).")

(defvar-local explog-search--drawing nil
  "The timer that inserts `explog-search--rest' into this buffer.")

(defconst explog-search--slice 25
  "How many hits are inserted at a time where no window shows them.")

(defvar explog-search-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'explog-search-visit)
    (define-key map [mouse-2] #'explog-search-visit)
    (define-key map "n" #'explog-search-next)
    (define-key map "p" #'explog-search-previous)
    (define-key map "s" #'explog-search-refine)
    map)
  "The keys of `explog-search-mode'.")

(define-derived-mode explog-search-mode special-mode "Explog Search"
  "What a search in experiment logs and commits found.

\\{explog-search-mode-map}"
  (buffer-disable-undo)                 ; or else every answer would be kept
  (setq truncate-lines t)
  (explog-show-reordering)
  (add-hook 'explog-cache-changed-functions #'explog-search--retitle)
  ;; Whatever a command looks for in this buffer is to be there.
  (add-hook 'pre-command-hook #'explog-search--draw-rest nil t)
  (setq-local revert-buffer-function #'explog-search--revert)
  (setq-local next-error-function #'explog-search--next-error)
  (setq-local bookmark-make-record-function #'explog-search--bookmark))

(defun explog-search--buffer ()
  "Return the buffer of results."
  (let ((buffer (get-buffer-create "*explog search*")))
    (with-current-buffer buffer
      (unless (derived-mode-p 'explog-search-mode)
        (explog-search-mode)))
    buffer))

(defun explog-search--show (query result &optional remark)
  "Show RESULT, the server's answer to QUERY, in the buffer of results.
REMARK is shown beside the query."
  (pcase-let ((`(,total ,complete ,hits ,progress ,note) result))
    (with-current-buffer (explog-search--buffer)
      (let ((hit (and (equal query explog-search--query) (explog-search--hit-shown))))
        (explog-search--replace
         hit
         (lambda ()
           (insert (propertize
                    (format "%s: %s%s\n" query
                            (explog-search--count (length hits) total complete note)
                            (cond ((not (string-empty-p progress))
                                   (format " (reading %s)" progress))
                                  (remark (format " (%s)" remark))
                                  (t "")))
                    'face 'bold))
           (setq explog-search--rest
                 (mapcan (lambda (group) (cons group (copy-sequence (cdr group))))
                         (explog-search-groups hits)))
           ;; The hit to go to may be any of them.
           (explog-search--draw (unless hit (frame-height))))))
      (explog-search--draw-soon)
      (setq explog-search--query query
            explog-search--shared nil))))

(defun explog-search--draw (&optional count)
  "Insert COUNT hits and titles that are not in this buffer yet, or all."
  (let ((inhibit-read-only t))
    (save-excursion
      (goto-char (point-max))
      (while (and explog-search--rest (not (eql count 0)))
        (let ((next (pop explog-search--rest)))
          (if (consp next)
              (explog-search--insert-title (car next) (cdr next))
            (explog-search--insert-hit next)))
        (when count
          (setq count (1- count)))))))

(defun explog-search--draw-rest ()
  "Insert all hits that are not in this buffer yet."
  (when explog-search--rest
    (explog-search--draw)))

(defun explog-search--draw-soon ()
  "Insert the hits that are not in this buffer yet when Emacs has nothing to do."
  (when (timerp explog-search--drawing)
    (cancel-timer explog-search--drawing))
  (setq explog-search--drawing
        (and explog-search--rest
             (run-with-timer 0.02 nil #'explog-search--draw-slice (current-buffer)))))

(defun explog-search--draw-slice (buffer)
  "Insert some of the hits that are not in BUFFER yet, unless a key was typed."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (unless (input-pending-p)
        (explog-search--draw explog-search--slice))
      (explog-search--draw-soon))))

(defun explog-search--show-text (query text)
  "Show TEXT instead of hits for QUERY."
  (with-current-buffer (explog-search--buffer)
    (explog-search--replace
     nil (lambda () (insert (propertize (format "%s: %s\n" query text) 'face 'bold))))
    (setq explog-search--query query)))

(defun explog-search--hit-at-point ()
  "Return the hit of the line at point, or nil."
  (get-text-property (line-beginning-position) 'explog-search-hit))

(defun explog-search--hit-shown ()
  "Return the hit at window point of the current buffer, or nil."
  (save-excursion
    (when-let ((window (get-buffer-window nil t)))
      (goto-char (window-point window)))
    (explog-search--hit-at-point)))

(defun explog-search--replace (hit insert)
  "Call INSERT to fill the current buffer, and go to HIT.
If HIT is nil or not there any more, go to the first hit."
  (let ((inhibit-read-only t))
    (erase-buffer)
    (setq explog-search--rest nil)
    (funcall insert)
    (goto-char (point-min))
    (if-let ((match (and hit (text-property-search-forward
                              'explog-search-hit hit #'explog-search--same-p))))
        (goto-char (prop-match-beginning match))
      (explog-search--to-hit 1))
    (dolist (window (get-buffer-window-list nil nil t))
      (set-window-point window (point)))))

(defun explog-search--count (shown total complete note)
  "Return a text about SHOWN hits of TOTAL; there are more unless COMPLETE.
If NOTE is not empty, it is the reason why nothing is found."
  (cond ((not (string-empty-p (or note "")))
         (format "nothing found: %s" note))
        ((zerop shown) "nothing found")
        ((and complete (= shown total)) (format "%d found" total))
        (t (format "the best %d of %d%s" shown total (if complete "" " and more")))))

(defun explog-search--insert-title (experiment hits)
  "Insert a title for the group of HITS for EXPERIMENT, which may be nil."
  (insert "\n" (propertize (concat (explog-search-group-title experiment hits) "\n")
                           'face 'explog-search-experiment
                           'explog-search-group (list (and (stringp experiment)
                                                           experiment)))))

;; Each piece of text that is inserted, and each property, is garbage when the
;; next key is typed.  So a line is inserted as one piece without properties.

(put 'explog-search-line 'mouse-face 'highlight)
(put 'explog-search-line 'help-echo "RET, mouse-2: go there")

(defun explog-search--insert-hit (hit)
  "Insert the line for HIT."
  (pcase-let* ((`(,snippet . ,matches)
                (explog-search--bare (explog-search-hit-snippet hit)))
               (where (explog-search-where hit))
               (head (format "  %-10s %-9s " (explog-search-hit-kind hit)
                             (or (explog-search-reference hit) "")))
               (place (concat (explog-search-day hit)
                              (format " %-24s"
                                      (if (> (string-width where) 24)
                                          (truncate-string-to-width where 24 nil nil t)
                                        where))))
               (start (point))
               (place-start (+ start (length head)))
               (place-end (+ place-start (length place))))
    (insert (concat head place " " snippet "\n"))
    (add-text-properties start (point)
                         (list 'explog-search-hit hit
                               'explog-point (explog-search--point hit)
                               'category 'explog-search-line))
    (put-text-property place-start place-end 'face 'explog-search-where)
    (pcase-dolist (`(,from . ,to) matches)
      (put-text-property (+ place-end 1 from) (+ place-end 1 to)
                         'face 'explog-search-match))))

(defun explog-search--bare (snippet)
  "Return (TEXT . MATCHES), SNIPPET without brackets around its matches.
Each of MATCHES is the (START . END) of one in TEXT, from 0."
  (let ((start 0) (size 0) pieces matches)
    (while (string-match "⟦\\([^⟧]*\\)⟧" snippet start)
      (let ((before (substring snippet start (match-beginning 0)))
            (match (match-string 1 snippet)))
        (setq start (match-end 0)
              size (+ size (length before)))
        (push (cons size (+ size (length match))) matches)
        (setq size (+ size (length match))
              pieces (cons match (cons before pieces)))))
    (cons (apply #'concat (nreverse (cons (substring snippet start) pieces)))
          matches)))

(defun explog-search--point (hit)
  "Return the text property `explog-point' for a line with HIT.
What others have is none of the experiments and commits here."
  (unless (explog-search-members hit)
    (list :kind 'hit
          :id (explog-search-hit-experiment hit)
          :step (explog-search-hit-step hit)
          :commit (explog-search-hit-commit hit)
          :repository (explog-search-hit-repository hit))))

(defun explog-search--retitle (ids)
  "Update the titles of the groups for IDS, or for all if t.
For `explog-cache-changed-functions'."
  (if-let ((buffer (get-buffer "*explog search*")))
      (with-current-buffer buffer
        (save-excursion
          (let ((inhibit-read-only t) (place (point-min)))
            (while (setq place (text-property-not-all place (point-max)
                                                      'explog-search-group nil))
              (goto-char place)
              (let ((id (car (get-text-property place 'explog-search-group))))
                (when (and id
                           (or (eq ids t) (member id ids))
                           (looking-at (concat (regexp-quote id) "$")))
                  (goto-char (match-end 0))
                  (insert-and-inherit
                   (substring (explog-search-group-title id nil) (length id)))))
              (setq place (line-beginning-position 2))))))
    (remove-hook 'explog-cache-changed-functions #'explog-search--retitle)))

(defun explog-search--to-hit (count)
  "Move COUNT hits forward, or backward if COUNT is negative.
Return nil if there are not so many."
  (let ((step (if (< count 0) -1 1)) (left (abs count)) (start (point)))
    (while (and (> left 0) (zerop (forward-line step)) (not (eobp)))
      (when (get-text-property (point) 'explog-search-hit)
        (setq left (1- left))))
    (unless (get-text-property (point) 'explog-search-hit)
      (goto-char start))
    (zerop left)))

(defun explog-search-next (&optional count)
  "Go to the next hit, or to the COUNTth."
  (interactive "p")
  (explog-search--draw-rest)
  (unless (explog-search--to-hit (or count 1))
    (user-error "No more hits")))

(defun explog-search-previous (&optional count)
  "Go to the previous hit, or to the COUNTth."
  (interactive "p")
  (explog-search-next (- (or count 1))))

(defun explog-search-visit (&optional event)
  "Go to the hit at point, or where EVENT is."
  (interactive (list last-nonmenu-event))
  (when (mouse-event-p event)
    (mouse-set-point event))
  ;; The log has a `next-error-function' of its own, which org gives it.
  (setq next-error-last-buffer (current-buffer))
  (explog-search--await)
  (explog-search-visit-hit
   (or (explog-search--hit-at-point)
       (user-error (if explog-search--awaited "Still searching" "No hit here")))))

(defun explog-search--await ()
  "Wait for the hits of the query that was entered last, a second at most.
If they are shown already, do not wait."
  (let ((end (+ (float-time) 1)))
    (while (and explog-search--awaited
                (not (and (equal explog-search--awaited explog-search--query)
                          (explog-search--hit-at-point)))
                (explog-server-ready-p)
                (< (float-time) end))
      (accept-process-output nil 0.02))))

(defun explog-search--next-error (count &optional reset)
  "Visit the COUNTth hit from here, or from the first if RESET."
  (when reset
    (goto-char (point-min)))
  (explog-search-next count)
  (explog-search-visit))

(defun explog-search--revert (&rest _)
  "Repeat the search of this buffer."
  (explog-need-mode)
  (explog-search--ask explog-search--query))

(defun explog-search--bookmark ()
  "Return a bookmark of the search in this buffer."
  `(,(concat "explog: " explog-search--query)
    (explog-query . ,explog-search--query)
    (handler . explog-search-bookmark-handler)))

;;;###autoload
(defun explog-search-bookmark-handler (bookmark)
  "Repeat the search of BOOKMARK."
  (explog-need-mode)
  (explog-search--ask (bookmark-prop-get bookmark 'explog-query))
  (set-buffer (explog-search--buffer)))

;;;; Requests

(defvar explog-search--asked 0
  "The number of the last request; answers to older ones are ignored.")

(defvar explog-search--awaited nil
  "The query of the last request while it is not answered, else nil.")

(defvar explog-search--again-seconds 1
  "Seconds after which a search is repeated while logs are being read.")

(defun explog-search--ask-again (number query tell)
  "Repeat the search for QUERY if NUMBER is still the last request.
TELL is as in `explog-search--ask'."
  (when (and explog-mode (= number explog-search--asked)
             (get-buffer "*explog search*"))
    (explog-search--ask query tell)))

(defconst explog-search--query-errors '("bad-query" "interrupted")
  "The codes of errors that are about a query, not about the server.")

(defun explog-search--ask (query &optional tell)
  "Ask the server for QUERY, and show its answer.
Repeat that until the server has read everything.  TELL is called with
error messages; it defaults to `message'."
  (let ((number (setq explog-search--asked (1+ explog-search--asked))))
    (setq explog-search--awaited query)
    (unless (explog-server-ready-p)
      (explog-search--show-text query "waiting for the server"))
    (explog-server-call
     "search" (list query explog-search-limit t)
     :success (lambda (result)
                (when (= number explog-search--asked)
                  (setq explog-search--awaited nil)
                  (explog-search--show-own number query result)
                  (unless (string-empty-p (nth 3 result))
                    (run-with-timer explog-search--again-seconds nil
                                    #'explog-search--ask-again number query tell))))
     :error (lambda (problem)
              (when (= number explog-search--asked)
                (setq explog-search--awaited nil)
                (unless (member (plist-get problem :code)
                                explog-search--query-errors)
                  (explog-search--wait number query tell)
                  (explog-search--show-text query (plist-get problem :message)))
                (funcall (or tell #'message) "%s"
                         (plist-get problem :message)))))))

(defcustom explog-search-lab-delay 0.2
  "Seconds of no typing after which the group's lab is asked.
That is so where a query has `scope:lab'; see `explog-lab-scope'."
  :type 'number
  :group 'explog)

(defun explog-search--note-shared (number query)
  "Note that the hits of QUERY are shown with the group's, if NUMBER is the last."
  (when (and (= number explog-search--asked)
             (get-buffer "*explog search*"))
    (with-current-buffer (explog-search--buffer)
      (setq explog-search--shared query))))

(defconst explog-search--lab-seconds 30
  "How long the group's lab may take.  Nobody waits for it.")

(defun explog-search--show-own (number query result)
  "Show RESULT, one's own hits of QUERY, and ask the group's lab if it is to be.
NUMBER is as for `explog-search--ask-again'."
  (let ((group (and (string-empty-p (nth 3 result)) (nth 5 result))))
    ;; Nobody sees the hits of others go and come back when g repeats a search.
    (unless (and group
                 (equal query (buffer-local-value 'explog-search--shared
                                                  (explog-search--buffer))))
      (explog-search--show query result (and group "asking the group")))
    (when group
      (run-with-timer explog-search-lab-delay nil
                      #'explog-search--ask-lab number query result))))

(defun explog-search--ask-lab (number query own)
  "Ask the group's lab for QUERY, of which the OWN hits are shown.
NUMBER is as for `explog-search--ask-again'."
  (when (and explog-mode (= number explog-search--asked)
             (get-buffer "*explog search*"))
    (let ((show (lambda (result remark)
                  (when (and (= number explog-search--asked)
                             (get-buffer "*explog search*"))
                    (explog-search--show query result remark)))))
      (explog-server-call
       "search-lab" (list query explog-search-limit)
       :timeout explog-search--lab-seconds
       :success (lambda (result)
                  (funcall show result nil)
                  (explog-search--note-shared number query))
       :error (lambda (problem)
                (funcall show own (plist-get problem :message)))))))

(defun explog-search--wait (number query tell)
  "Ask for QUERY again once the server is ready.
NUMBER and TELL are as for `explog-search--ask-again'."
  (let (ask)
    (setq ask (lambda ()
                (remove-hook 'explog-server-ready-hook ask)
                (explog-search--ask-again number query tell)))
    (add-hook 'explog-server-ready-hook ask)))

;;;###autoload
(defun explog-search-for (query)
  "Show the hits of QUERY."
  (explog-need-mode)
  (with-current-buffer (explog-search--buffer)
    (unless (equal query explog-search--query)
      ;; Nobody is to take what was found for something else for the answer.
      (setq explog-search--query query)
      (explog-search--replace nil #'ignore)))
  (explog-search--ask query)
  (pop-to-buffer (explog-search--buffer)))

(defcustom explog-search-delay 0.05
  "Seconds of no typing after which a search is made."
  :type 'number
  :group 'explog)

(defcustom explog-search-use-consult t
  "Whether `explog-search' goes through consult where that is installed.
It does so only with a completion that shows candidates as you type, as
vertico and icomplete do."
  :type 'boolean
  :group 'explog)

(defvar explog-search-history nil
  "The history of queries.")

;;;; Search as you type
(defvar explog-search--timer nil
  "The timer that searches after a pause in typing.")

(defun explog-search--typed ()
  "Search soon for the text in the minibuffer."
  (let ((query (minibuffer-contents-no-properties)))
    (when explog-search--timer
      (cancel-timer explog-search--timer))
    (setq explog-search--timer
          (run-with-timer explog-search-delay nil
                          #'explog-search--ask-typed query))))

(defun explog-search--ask-typed (query)
  "Search for QUERY, which the user is typing."
  (setq explog-search--timer nil)
  (if (string-blank-p query)
      (setq explog-search--asked (1+ explog-search--asked)
            explog-search--awaited nil)
    (explog-search--ask query #'ignore)))

(defun explog-search--read (initial)
  "Read a query with initial input INITIAL, and show its hits meanwhile."
  (minibuffer-with-setup-hook
      (lambda ()
        (add-hook 'after-change-functions
                  (lambda (&rest _) (explog-search--typed)) nil t)
        (when initial
          (explog-search--typed)))
    (unwind-protect
        (read-string "Search: " initial 'explog-search-history)
      (when explog-search--timer
        (cancel-timer explog-search--timer)
        (setq explog-search--timer nil)))))

(defun explog-search--live-completion-p ()
  "Return non-nil if completion candidates are displayed while typing."
  (or (bound-and-true-p vertico-mode)
      (bound-and-true-p icomplete-mode)
      (bound-and-true-p fido-mode)
      (bound-and-true-p mct-mode)))

;;;###autoload
(defun explog-search (&optional query plain)
  "Search logs and commits, and show what is found while you type.
QUERY is what the minibuffer begins with.  With a prefix argument PLAIN,
use a buffer of results even where consult is installed; see
`explog-search-use-consult'.

A query has words, of which the last may be begun only, \"phrases\",
-word for what is left out, OR, references as e201 or e201.1, hashes,
and filters: kind: state: tag: repo: log: author: after: before:, with
dates as 2018-06-06, 2018-06, 2w or yesterday, and metric:acc>0.9 and
param:lr=1e-3.  Runs of trainings are found by kind:run, by host:node7,
and by their state, as state:failed.  With scope:lab, what your group has
published is found as well; see `explog-lab'."
  (interactive (list nil current-prefix-arg))
  (explog-need-mode)
  (if (and explog-search-use-consult (not plain)
           (explog-search--live-completion-p)
           (require 'consult nil t))
      (explog-consult-search query)
    (explog-search--in-buffer query)))

(defun explog-search--in-buffer (query)
  "Read a query with initial input QUERY, and show its hits in a buffer."
  (let ((windows (current-window-configuration))
        (buffer (explog-search--buffer))
        done)
    (unwind-protect
        (progn
          (display-buffer buffer)
          (let ((answer (explog-search--read query)))
            (if (string-blank-p answer)
                (user-error "Nothing to search for")
              (explog-search--ask answer)
              (setq done t))))
      (unless done
        (set-window-configuration windows)))
    (pop-to-buffer buffer)))

(defun explog-search-refine ()
  "Change the query of this buffer."
  (interactive)
  (explog-need-mode)
  (explog-search--in-buffer explog-search--query))

;; With evil and meow as well.
(explog-keep-keys 'explog-search-mode explog-search-mode-map)

(provide 'explog-search)
;;; explog-search.el ends here
